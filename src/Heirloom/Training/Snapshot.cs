using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Heirloom.Checkpoints;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>What stands in a snapshot's <c>state.json</c>.</summary>
internal sealed record SnapshotState
{
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    public required long Step { get; init; }

    /// <summary>Set where training is over and a resumption has nothing to do.</summary>
    public StopReason? Ended { get; init; }

    /// <summary>See <see cref="RunIdentity.Of"/>.</summary>
    public required IReadOnlyDictionary<string, string> Identity { get; init; }

    /// <summary>See <see cref="RunIdentity.PastOf"/>, by phase.</summary>
    public required IReadOnlyDictionary<string, string> Schedules { get; init; }

    public required BadStepState BadSteps { get; init; }

    /// <summary>Set where the step's updates are made but its hooks are not all through: a resumption begins with them.</summary>
    public UnfinishedStep? Unfinished { get; init; }

    /// <summary>SHA-256 of each other file.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();
}

/// <summary>A step whose hooks were interrupted, by an evaluation that was asked to stop for instance.</summary>
/// <param name="Loss">The step's.</param>
/// <param name="Values">What the update is to write into the metrics.</param>
/// <param name="Hooks">Names of the hooks whose saved memory holds the step. Others keep nothing and are called again.</param>
internal sealed record UnfinishedStep(double Loss, IReadOnlyDictionary<string, double> Values, HashSet<string> Hooks);

/// <summary>A folder with everything from which training goes on exactly: <c>state.json</c> and one safetensors file for each holder of tensors.</summary>
internal static class Snapshot
{
    private const string StateName = "state.json", Extension = ".safetensors";
    private const int BufferBytes = 1 << 20;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>A state that later changes of what it was made of do not reach.</summary>
    public static SnapshotState Frozen(SnapshotState state) => JsonSerializer.Deserialize<SnapshotState>(JsonSerializer.SerializeToUtf8Bytes(state, Json), Json)!;

    /// <summary>Writes it whole or not at all.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="state">All but the files' hashes.</param>
    /// <param name="tensors">By holder ("model", "optimizer").</param>
    public static void Write(string path, SnapshotState state, IReadOnlyDictionary<string, IReadOnlyList<KeyValuePair<string, Tensor>>> tensors) =>
        Atomic.WriteFolder(path, folder =>
        {
            var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (holder, values) in tensors)
            {
                files[holder + Extension] = Write(Path.Combine(folder, holder + Extension), values);
            }

            File.WriteAllText(Path.Combine(folder, StateName), JsonSerializer.Serialize(state with { Files = files }, Json));
        });

    /// <summary>The state of a snapshot, or null where files are missing or not what was written.</summary>
    /// <exception cref="UserError">A newer version wrote it.</exception>
    public static SnapshotState? Read(string path)
    {
        var file = Path.Combine(path, StateName);
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            if (json.RootElement.GetProperty("format").GetInt32() > SnapshotState.CurrentFormat)
            {
                throw new UserError("a newer version of Heirloom wrote this snapshot", path, "use that version");
            }

            var state = json.Deserialize<SnapshotState>(Json);
            return state is not null && state.Files.All(f => HashOf(Path.Combine(path, f.Key)) == f.Value) ? state : null;
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Reads what one holder saved; the caller disposes the tensors (its dispose scope does).</summary>
    public static Dictionary<string, Tensor> Tensors(string path, string holder)
    {
        var file = Path.Combine(path, holder + Extension);
        if (!File.Exists(file))
        {
            throw new UserError($"the snapshot holds nothing of '{holder}', so the run was another kind of training", path, "resume with the same hooks and phases");
        }

        using var opened = Safetensors.Open(file);
        return opened.Entries.Keys.ToDictionary(name => name, opened.Read);
    }

    /// <summary>Writes and hashes in one pass; the folder around it sees to flushing and renaming.</summary>
    private static string Write(string file, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        using var hash = SHA256.Create();
        using (var hashed = new CryptoStream(File.Create(file, BufferBytes), hash, CryptoStreamMode.Write))
        {
            Safetensors.Write(hashed, tensors.Select(t => TensorSource.Of(t.Key, t.Value)), hash: null);
        }

        return Convert.ToHexStringLower(hash.Hash!);
    }

    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
