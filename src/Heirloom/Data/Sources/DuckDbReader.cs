using System.Data.Common;
using System.Text;
using DuckDB.NET.Data;

namespace Heirloom.Data.Sources;

/// <summary>Streams rows of CSV and Parquet files as documents through an in-memory DuckDB, one thread, in file order.</summary>
/// <param name="Table">A table function's call, e.g. <c>read_parquet('x.parquet')</c>.</param>
/// <param name="File">The file, for messages.</param>
/// <param name="Text">The column of the text.</param>
/// <param name="Id">The column that names the document, or null for file and row.</param>
/// <param name="Fields">The other columns to keep; null keeps all.</param>
/// <param name="MaxCharacters">A longer document is refused.</param>
internal sealed record DuckDbReader(string Table, string File, string Text, string? Id, IReadOnlyList<string>? Fields, int MaxCharacters)
{
    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    public IEnumerable<Document> Read()
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        using var reader = Guard(() => Start(connection));
        var names = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToArray();
        var text = Array.IndexOf(names, Text);
        var id = Id is null ? -1 : Array.IndexOf(names, Id);
        for (var row = 1L; Guard(reader.Read); row++)
        {
            var where = $"{File}, row {row}";
            var values = Guard(() => Enumerable.Range(0, names.Length).Select(i => reader.IsDBNull(i) ? null : Convert.ToString(reader.GetValue(i))).ToArray());
            if (values[text] is not { } content)
            {
                continue;
            }

            DocumentLimits.Require(content.Length, MaxCharacters, where);
            yield return new(id < 0 ? where : values[id] ?? where, content)
            {
                Fields = names.Select((name, i) => (name, Value: values[i])).Where((f, i) => i != text && f.Value is not null).ToDictionary(f => f.name, f => f.Value!),
            };
        }
    }

    private DuckDBDataReader Start(DuckDBConnection connection)
    {
        connection.Open();
        Execute(connection, "SET threads = 1; SET autoinstall_known_extensions = false; SET autoload_known_extensions = false");
        var columns = Columns(connection);
        var wanted = new[] { Text }.Concat(Id is null ? [] : [Id]).Concat(Fields ?? columns).Distinct().ToList();
        if (wanted.FirstOrDefault(w => !columns.Contains(w)) is { } unknown)
        {
            throw new UserError($"there is no column '{unknown}'", File, UserError.Nearest(unknown, columns));
        }

        var select = string.Join(", ", wanted.Select(w => $"\"{w.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
        var command = connection.CreateCommand();
        command.CommandText = $"SELECT {select} FROM {Table}";
        command.UseStreamingMode = true;
        return command.ExecuteReader();
    }

    private List<string> Columns(DuckDBConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"DESCRIBE SELECT * FROM {Table}";
        using var reader = command.ExecuteReader();
        var columns = new List<string>();
        while (reader.Read())
        {
            columns.Add(reader.GetString(0));
        }

        return columns;
    }

    private static void Execute(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>A file that DuckDB cannot read is the user's to mend.</summary>
    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is DbException or InvalidCastException or FormatException or OverflowException or ArgumentException or InvalidOperationException or DecoderFallbackException)
        {
            throw new UserError($"cannot be read: {e.Message.Split('\n')[0].Trim()}", File, "mend the file or the settings of this source", e);
        }
    }
}
