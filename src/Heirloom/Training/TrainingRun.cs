using System.Globalization;
using Heirloom.Core.Ranks;

namespace Heirloom.Training;

/// <summary>
/// The folder of a run: <c>metrics.jsonl</c>, <c>tensorboard/</c>, and <c>training/</c> with snapshots from which training goes on exactly.
/// Open, it is locked against a second run; the system releases the lock however the process ends.
/// </summary>
public sealed class TrainingRun : IDisposable
{
    private const string SnapshotsFolder = "training", Prefix = "step-", Doomed = ".old", LockName = ".lock";
    private readonly FileStream? _lock;

    /// <summary>Makes the folder if need be, and locks it. Of several ranks the leader does.</summary>
    /// <exception cref="UserError">Another run has it, or it cannot be written.</exception>
    public TrainingRun(string folder, IRanks? ranks = null)
    {
        ranks ??= SingleRank.Instance;
        Folder = Path.GetFullPath(folder);
        _lock = ranks.Together(() => ranks.Leads ? Lock() : null);
        ranks.Together(() => RequireThere(Folder));
    }

    private TrainingRun(string folder, bool there) => Folder = there ? folder : throw new ArgumentException("must exist", nameof(folder));

    /// <summary>A folder that another rank has opened: it is read here and nothing is written.</summary>
    /// <exception cref="UserError">It cannot be seen from here.</exception>
    internal static TrainingRun Following(string folder) => new(folder, RequireThere(folder));

    public string Folder { get; }

    /// <summary>Stops cleanly at this step, while schedules still see all steps: training in several sittings.</summary>
    public long? StopAt { get; init; }

    internal string Snapshots => Path.Combine(Folder, SnapshotsFolder);

    public void Dispose() => _lock?.Dispose();

    private static bool RequireThere(string folder) => Directory.Exists(folder) ? true
        : throw new UserError($"is not there on {Environment.MachineName}", folder, "all ranks must see one folder: put it on a disk that all machines share");

    private FileStream Lock()
    {
        FileStream held;
        try
        {
            Directory.CreateDirectory(Folder);
            held = new FileStream(Path.Combine(Folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserError("the folder cannot be written", Folder, "choose one that you may write to", e);
        }
        catch (IOException e) when (File.Exists(Path.Combine(Folder, LockName)))
        {
            throw new UserError("another run is using this folder", Folder, "wait for it, or choose another folder", e);
        }
        catch (IOException e)
        {
            throw new UserError($"the folder cannot be made: {e.Message}", Folder, "choose another", e);
        }

        Sweep();
        return held;
    }

    /// <summary>Snapshots from the newest to the oldest.</summary>
    internal IReadOnlyList<(long Step, string Path)> Saved() => !Directory.Exists(Snapshots) ? [] :
        [.. Directory.GetDirectories(Snapshots, Prefix + "*")
            .Select(path => (Ok: long.TryParse(Path.GetFileName(path)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step), Step: step, Path: path))
            .Where(s => s.Ok).OrderByDescending(s => s.Step).Select(s => (s.Step, s.Path))];

    internal string PathOf(long step) => Path.Combine(Snapshots, $"{Prefix}{step:D10}");

    /// <summary>Drops all but the newest.</summary>
    internal void Prune(int keep)
    {
        foreach (var (_, path) in Saved().Skip(keep))
        {
            // renamed first: a folder half deleted must not look like a snapshot
            Directory.Move(path, path + Doomed);
            Directory.Delete(path + Doomed, recursive: true);
        }
    }

    /// <summary>Removes what a killed run left half written or half deleted.</summary>
    private void Sweep()
    {
        Atomic.Restore(Snapshots);
        if (Directory.Exists(Snapshots))
        {
            foreach (var path in Directory.GetDirectories(Snapshots).Except(Saved().Select(s => s.Path)))
            {
                Directory.Delete(path, recursive: true);
            }
        }
    }
}
