using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heirloom.Papers;

/// <summary>How results are written: stable names, readable, with NaN and infinities allowed.</summary>
internal static class PaperJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        IgnoreReadOnlyProperties = true,
    };
}

/// <summary>Keeps finished trials as one file each, so that an interrupted run goes on where it was.</summary>
/// <param name="folder">A folder of one paper, profile, settings, seed and code version.</param>
public sealed class FileTrialMemory(string folder) : ITrialMemory
{
    public TrialRecord? Recall(string arm, int seed)
    {
        var path = PathOf(arm, seed);
        return File.Exists(path) ? JsonSerializer.Deserialize<TrialRecord>(File.ReadAllText(path), PaperJson.Options) : null;
    }

    public void Remember(string arm, int seed, TrialRecord record)
    {
        if (!File.Exists(PathOf(arm, seed)))
        {
            Atomic.WriteText(PathOf(arm, seed), JsonSerializer.Serialize(record, PaperJson.Options));
        }
    }

    // names that differ only in what a file name may not hold ("batch × 4", "batch ÷ 4") are told apart by a hash
    private string PathOf(string arm, int seed) =>
        Path.Combine(folder, $"{string.Concat(arm.Select(c => char.IsLetterOrDigit(c) ? c : '-'))}-{Data.Hashes.OfText(arm)[..8]}-{seed}.json");
}

/// <summary>Results as files, one a paper and profile: <c>P117-quick.json</c>.</summary>
public static class ResultStore
{
    public static string Write(string folder, PaperResult result)
    {
        var path = Path.Combine(folder, $"P{result.Id:000}-{result.Profile}.json");
        Atomic.WriteText(path, JsonSerializer.Serialize(result, PaperJson.Options) + "\n");
        return path;
    }

    /// <summary>Every result in a folder, by number and profile; none when the folder does not exist.</summary>
    /// <exception cref="UserError">A file is not a result.</exception>
    public static IReadOnlyList<PaperResult> Read(string folder) => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateFiles(folder, "P???-*.json").Order(StringComparer.Ordinal).Select(p => Parse(File.ReadAllText(p), p))];

    /// <summary>Parses one result.</summary>
    /// <param name="json">Its text.</param>
    /// <param name="name">Named in errors.</param>
    public static PaperResult Parse(string json, string name)
    {
        try
        {
            return JsonSerializer.Deserialize<PaperResult>(json, PaperJson.Options) ?? throw new UserError("is empty", name);
        }
        catch (JsonException e)
        {
            throw new UserError($"is not a paper's result: {e.Message}", name, "delete it and run the paper again", e);
        }
    }
}
