using Microsoft.Data.Sqlite;

namespace Heirloom.Training.Registry;

/// <summary>A run and where it lies.</summary>
public sealed record RegisteredRun(string Folder, RunRecord Record)
{
    public string Id => Path.GetFileName(Folder);
}

/// <summary>
/// All runs under a folder, in <c>registry.db</c>. The runs' own files are the truth and the database a cache of them: it follows what was added,
/// changed and removed, and is made anew when it is missing or damaged.
/// </summary>
public sealed class RunRegistry(string root)
{
    public const string Name = "registry.db";

    private readonly string _path = Path.Combine(root, Name);

    /// <summary>Runs from the newest to the oldest.</summary>
    public IReadOnlyList<RegisteredRun> List()
    {
        if (!Directory.Exists(root))
        {
            return [];
        }

        try
        {
            return Read();
        }
        catch (SqliteException)
        {
            // a cache that cannot be read is made again
            Remove();
            try
            {
                return Read();
            }
            catch (SqliteException)
            {
                // nor can it be written here: do without
                return Sorted(Folders().Select(f => (f, TryRead(f))).Where(r => r.Item2 is not null).Select(r => new RegisteredRun(r.f, r.Item2!)));
            }
        }
    }

    /// <summary>A run by id (<c>sotu-3</c>), by folder, or the newest by name (<c>sotu</c>).</summary>
    /// <exception cref="UserError">There is none.</exception>
    public RegisteredRun Find(string name)
    {
        if (File.Exists(Path.Combine(name, RunFile.Name)))
        {
            return new(Path.GetFullPath(name), RunFile.Read(name));
        }

        var runs = List();
        return runs.FirstOrDefault(r => r.Id == name) ?? runs.FirstOrDefault(r => r.Record.Name == name)
            ?? throw new UserError($"there is no run '{name}'", root, runs.Count == 0 ? "start one with 'heirloom run'" : UserError.Nearest(name, runs.Select(r => r.Id)));
    }

    private List<RegisteredRun> Read()
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false, DefaultTimeout = 5 }.ToString());
        connection.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        Execute(connection, "CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, stamp INTEGER NOT NULL, record TEXT NOT NULL)");
        var known = Known(connection);
        foreach (var id in known.Keys.Where(id => !File.Exists(Path.Combine(root, id, RunFile.Name))).ToList())
        {
            Execute(connection, "DELETE FROM run WHERE id = $id", ("$id", id));
            known.Remove(id);
        }

        foreach (var folder in Folders())
        {
            var id = Path.GetFileName(folder);
            var stamp = File.GetLastWriteTimeUtc(Path.Combine(folder, RunFile.Name)).Ticks;
            if ((!known.TryGetValue(id, out var row) || row.Stamp != stamp) && TryRead(folder) is { } record)
            {
                var json = RunFile.ToJson(record);
                Execute(connection, "INSERT OR REPLACE INTO run VALUES ($id, $stamp, $record)", ("$id", id), ("$stamp", stamp), ("$record", json));
                known[id] = (stamp, json);
            }
        }

        transaction.Commit();
        return Sorted(known.Select(k => new RegisteredRun(Path.GetFullPath(Path.Combine(root, k.Key)), RunFile.Parse(k.Value.Json, _path))));
    }

    private static Dictionary<string, (long Stamp, string Json)> Known(SqliteConnection connection)
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT id, stamp, record FROM run";
        using var rows = select.ExecuteReader();
        var known = new Dictionary<string, (long, string)>(StringComparer.Ordinal);
        while (rows.Read())
        {
            known[rows.GetString(0)] = (rows.GetInt64(1), rows.GetString(2));
        }

        return known;
    }

    private static void Execute(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the statements are constants of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        command.ExecuteNonQuery();
    }

    private IEnumerable<string> Folders() => Directory.EnumerateDirectories(root).Where(d => File.Exists(Path.Combine(d, RunFile.Name)));

    /// <summary>Null for a damaged one: a list of runs must not fail because of one of them.</summary>
    private static RunRecord? TryRead(string folder)
    {
        try
        {
            return RunFile.Read(folder);
        }
        catch (UserError)
        {
            return null;
        }
    }

    private void Remove()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // then it is read without
        }
    }

    private static List<RegisteredRun> Sorted(IEnumerable<RegisteredRun> runs) =>
        [.. runs.OrderByDescending(r => r.Record.Started).ThenByDescending(r => r.Id, StringComparer.Ordinal)];
}
