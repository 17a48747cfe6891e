using System.Text.Json;

namespace Heirloom.Training.Registry;

/// <summary>What a run scored on every example of a test set, for statistics over examples and seeds; one file under <c>scores/</c>.</summary>
public sealed record ExampleScores
{
    public const string Folder = "scores";

    /// <summary>What was measured on what: <c>loss/old</c>, <c>accuracy/test</c>.</summary>
    public required string Name { get; init; }

    public bool HigherIsBetter { get; init; }

    /// <summary>Fingerprint of the examples and their order: only scores of the same examples may be compared.</summary>
    public required string Examples { get; init; }

    /// <summary>Names the seeds of <see cref="Rows"/>; runs with the same seeds are compared in pairs.</summary>
    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Seeds × examples.</summary>
    public required IReadOnlyList<double[]> Rows { get; init; }

    public void Write(string runFolder) => Atomic.WriteText(
        Path.Combine(runFolder, Folder, string.Concat(Name.Select(c => char.IsLetterOrDigit(c) ? c : '-')) + ".json"), JsonSerializer.Serialize(this, RunFile.Options) + "\n");

    /// <summary>All those of a run, by name.</summary>
    /// <exception cref="UserError">A file is damaged.</exception>
    public static IReadOnlyList<ExampleScores> Read(string runFolder)
    {
        var folder = Path.Combine(runFolder, Folder);
        return !Directory.Exists(folder) ? [] : [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(Parse)];
    }

    private static ExampleScores Parse(string path)
    {
        try
        {
            var scores = JsonSerializer.Deserialize<ExampleScores>(File.ReadAllText(path), RunFile.Options) ?? throw new JsonException("null");
            return scores.Rows.Count > 0 && scores.Rows.Count == scores.Seeds.Count && scores.Rows.All(r => r.Length > 0 && r.Length == scores.Rows[0].Length)
                ? scores
                : throw new JsonException("ragged");
        }
        catch (JsonException e)
        {
            throw new UserError("is no file of scores", path, "evaluate again", e);
        }
    }
}
