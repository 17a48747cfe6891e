using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heirloom.Training.Registry;

/// <summary>How far a run came.</summary>
public enum RunState
{
    /// <summary>Under way, or killed: see <see cref="RunFolder.IsLive"/>.</summary>
    Running,

    Finished,

    /// <summary>Stopped by a person; it can be resumed.</summary>
    Interrupted,

    /// <summary>Stopped by an error.</summary>
    Failed,
}

/// <summary>What is known of a run; written as <c>run.json</c> into its folder.</summary>
public sealed record RunRecord
{
    /// <summary>The newest shape of the file that this code knows.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    public required string Name { get; init; }

    /// <summary>The recipe's kind: <c>pretrain</c>, <c>fine_tune</c>, ….</summary>
    public required string Kind { get; init; }

    public RunState State { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset Started { get; init; }

    public DateTimeOffset? Ended { get; init; }

    public required ulong Seed { get; init; }

    /// <summary><see cref="Settings.Hash"/> of the resolved settings, which lie in <c>settings.yaml</c>.</summary>
    public required string Settings { get; init; }

    public string Code { get; init; } = Machine.CodeVersion;

    /// <summary>The machine.</summary>
    public string MadeOn { get; init; } = Machine.Description;

    /// <summary>Hash of the weights that it left.</summary>
    public string? Weights { get; init; }

    /// <summary>Hashes of the weights that it started from.</summary>
    public IReadOnlyList<string> Parents { get; init; } = [];

    /// <summary>Fingerprints of the data, by name.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init; } = new Dictionary<string, string>();

    /// <summary>Final scores, by name.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>What stopped it.</summary>
    public string? Error { get; init; }
}

/// <summary>Reads and writes <c>run.json</c>.</summary>
public static class RunFile
{
    public const string Name = "run.json";

    internal static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The record of a folder.</summary>
    /// <exception cref="UserError">No run there, damaged, or of a newer version.</exception>
    public static RunRecord Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            throw new UserError("is not the folder of a run", folder, $"it holds no {Name}");
        }

        return Parse(File.ReadAllText(path), path);
    }

    public static void Write(string folder, RunRecord record) => Atomic.WriteText(Path.Combine(folder, Name), ToJson(record) + "\n");

    internal static string ToJson(RunRecord record) => JsonSerializer.Serialize(record, Options);

    internal static RunRecord Parse(string json, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.TryGetProperty("format", out var format) && format.TryGetInt32(out var version) && version > RunRecord.CurrentFormat)
            {
                throw new UserError($"has format {version}, newer than the {RunRecord.CurrentFormat} that this version reads", path, "update Heirloom");
            }

            return document.Deserialize<RunRecord>(Options) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserError("is no record of a run", path, "it was edited or damaged: remove the folder or restore the file", e);
        }
    }
}
