using System.Globalization;
using Heirloom.Core.Ranks;

namespace Heirloom.Training.Registry;

/// <summary>
/// <c>runs/NAME-N/</c>: <c>run.json</c>, <c>settings.yaml</c>, <c>scores/</c>, <c>checkpoint/</c>, <c>report.html</c>, and what <see cref="TrainingRun"/>
/// keeps. Open, it is locked; the lock ends with the process, however that ends.
/// </summary>
public sealed class RunFolder : IDisposable
{
    public const string SettingsName = "settings.yaml", CheckpointName = "checkpoint", ReportName = "report.html";

    private readonly bool _writes;

    private RunFolder(string path)
        : this(new TrainingRun(path), writes: true)
    {
    }

    private RunFolder(TrainingRun training, bool writes) => (Training, Path, _writes) = (training, training.Folder, writes);

    public string Path { get; }

    /// <summary>Metrics and snapshots of this folder.</summary>
    public TrainingRun Training { get; }

    public string Checkpoint => System.IO.Path.Combine(Path, CheckpointName);

    /// <summary>Null before <see cref="Begin"/>.</summary>
    public RunRecord? Record { get; private set; }

    /// <summary>The next free <c>NAME-N</c>.</summary>
    /// <exception cref="UserError">The folder cannot be written.</exception>
    public static RunFolder Create(string root, string name)
    {
        for (var n = Numbers(root, name).DefaultIfEmpty(0).Max() + 1; ; n++)
        {
            var path = System.IO.Path.Combine(root, $"{name}-{n}");
            if (!Directory.Exists(path))
            {
                return new(path);
            }
        }
    }

    /// <summary>A folder that the user chose and that holds no run yet.</summary>
    /// <exception cref="UserError">It holds one, or cannot be written.</exception>
    public static RunFolder At(string path) => File.Exists(System.IO.Path.Combine(path, RunFile.Name))
        ? throw new UserError("holds a run already", path, "choose another folder, or --resume")
        : new(path);

    /// <summary>The folder that the leader of several ranks opens; the others see it and write nothing.</summary>
    /// <param name="open">Called by the leader alone.</param>
    /// <param name="ranks">All of them.</param>
    public static RunFolder Shared(Func<RunFolder> open, IRanks ranks)
    {
        var led = ranks.Together(() => ranks.Leads ? open() : null);
        var path = ranks.FromLeader(led?.Path);
        return ranks.Together(() => led ?? new(TrainingRun.Following(path), writes: false));
    }

    /// <summary>A folder whose run goes on.</summary>
    /// <exception cref="UserError">It holds no run, or the run is under way elsewhere.</exception>
    public static RunFolder Resume(string path)
    {
        var record = RunFile.Read(path);
        return new(path) { Record = record };
    }

    /// <summary>The newest run of that name that was not finished, or null.</summary>
    public static string? Unfinished(string root, string name) => Numbers(root, name).OrderDescending()
        .Select(n => System.IO.Path.Combine(root, $"{name}-{n}"))
        .FirstOrDefault(p => File.Exists(System.IO.Path.Combine(p, RunFile.Name)) && RunFile.Read(p).State != RunState.Finished);

    /// <summary>Refuses a folder into which nothing can be written, and leaves nothing behind.</summary>
    /// <exception cref="UserError">It cannot be written.</exception>
    public static void RequireWritable(string folder)
    {
        var full = System.IO.Path.GetFullPath(folder);
        var existing = full;
        while (!Directory.Exists(existing))
        {
            existing = File.Exists(existing)
                ? throw new UserError("is a file, not a folder", existing, "choose another folder")
                : System.IO.Path.GetDirectoryName(existing) ?? full;
        }

        var probe = System.IO.Path.Combine(existing, $".probe-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}");
        try
        {
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError("the folder cannot be written", full, "choose one that you may write to", e);
        }
    }

    /// <summary>Whether a process has the folder open.</summary>
    public static bool IsLive(string path)
    {
        var file = System.IO.Path.Combine(path, ".lock");
        if (!File.Exists(file))
        {
            return false;
        }

        try
        {
            using var probe = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Writes the first record and the settings.</summary>
    public void Begin(RunRecord record, string settings)
    {
        if (_writes)
        {
            Atomic.WriteText(System.IO.Path.Combine(Path, SettingsName), settings);
        }

        Update(_ => record);
    }

    /// <summary>Replaces the record.</summary>
    public void Update(Func<RunRecord, RunRecord> change)
    {
        Record = change(Record!);
        if (_writes)
        {
            RunFile.Write(Path, Record);
        }
    }

    public void Dispose() => Training.Dispose();

    private static IEnumerable<int> Numbers(string root, string name) => !Directory.Exists(root) ? [] :
        Directory.EnumerateDirectories(root, name + "-*").Select(d => System.IO.Path.GetFileName(d)[(name.Length + 1)..])
            .Select(n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).Where(n => n > 0);
}
