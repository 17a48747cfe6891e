using System.IO.Enumeration;
using System.Text.Json;

namespace Heirloom.Core.Downloads;

/// <summary>A file of a repository, as the hub lists it.</summary>
/// <param name="Path">Relative to the repository.</param>
/// <param name="Size">In bytes; null where the hub does not say.</param>
/// <param name="Sha256">Of its content, for large files.</param>
public sealed record HubEntry(string Path, long? Size, string? Sha256);

/// <summary>Which files of a repository are fetched: tensors, JSON and text, and never code.</summary>
public static class HubSelection
{
    private static readonly string[] s_text = [".json", ".txt", ".model", ".jinja", ".tiktoken"];
    private static readonly string[] s_data = [".parquet", ".csv", ".tsv", ".jsonl", ".json", ".txt", ".gz", ".arrow"];
    private static readonly string[] s_pickles = [".bin", ".pt", ".pth"];

    /// <summary>The files of a model's own folder, or what the name's path says.</summary>
    /// <param name="name">The name.</param>
    /// <param name="entries">All of the repository.</param>
    /// <param name="pickles">Whether pickled weights were asked for.</param>
    /// <exception cref="UserError">Nothing of the kind is there.</exception>
    public static IReadOnlyList<HubEntry> Choose(HubName name, IReadOnlyList<HubEntry> entries, bool pickles)
    {
        var within = entries.Where(e => IsWithin(name, e.Path)).ToList();
        if (within.Count == 0)
        {
            throw new UserError(name.Path is null ? "the repository holds no files" : $"the repository holds no '{name.Path}'", name.ToString(), Hint(entries));
        }

        var chosen = name.Kind == HubKind.DataSet
            ? within.Where(e => Ends(e, s_data) && !IsCard(e)).ToList()
            : Weights(within, pickles).Concat(within.Where(e => Ends(e, s_text))).ToList();
        return chosen.Count > 0 ? chosen
            : within.Any(e => Ends(e, s_pickles)) ? throw new UserError("its weights are pickles only", name.ToString(), "ask for them with --pickles; they are read without running any code")
            : throw new UserError($"holds nothing that is read: {within[0].Path}{(within.Count > 1 ? ", …" : "")}", name.ToString(), "tensors, JSON and text are");
    }

    /// <summary>One form of the weights: safetensors before pickles, and the whole model before parts of another tool's naming.</summary>
    private static IEnumerable<HubEntry> Weights(List<HubEntry> entries, bool pickles)
    {
        var tensors = entries.Where(e => Ends(e, [".safetensors"])).ToList();
        if (tensors.Count == 0)
        {
            return pickles ? entries.Where(e => Ends(e, s_pickles) && !Base(e).StartsWith("training_args", StringComparison.Ordinal)) : [];
        }

        // some repositories hold the same weights a second time under the name that their makers' own code gives them
        var whole = tensors.Where(e => !Base(e).StartsWith("consolidated", StringComparison.Ordinal)).ToList();
        return whole.Count > 0 ? whole : tensors;
    }

    private static bool IsWithin(HubName name, string file) => name.Path switch
    {
        null => name.Kind == HubKind.DataSet || !file.Contains('/'),
        var path when path.Contains('*') || path.Contains('?') => FileSystemName.MatchesSimpleExpression(path, file, ignoreCase: false),
        var path => file == path || file.StartsWith(path + "/", StringComparison.Ordinal),
    };

    private static string Base(HubEntry entry) => entry.Path[(entry.Path.LastIndexOf('/') + 1)..];

    private static bool IsCard(HubEntry entry) => Base(entry) is "dataset_infos.json";

    private static bool Ends(HubEntry entry, string[] endings) => endings.Any(e => entry.Path.EndsWith(e, StringComparison.OrdinalIgnoreCase));

    private static string Hint(IReadOnlyList<HubEntry> entries) => entries.Count == 0 ? "it is empty"
        : $"it holds {string.Join(", ", entries.Take(8).Select(e => e.Path))}{(entries.Count > 8 ? ", …" : "")}";

    /// <summary>Reads the hub's description of a revision.</summary>
    /// <exception cref="UserError">It is not what a hub says, or names a file that leads out of its folder.</exception>
    internal static (string Commit, IReadOnlyList<HubEntry> Entries) Parse(byte[] json, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var commit = document.RootElement.GetProperty("sha").GetString() ?? "";
            if (commit.Length is < 7 or > 64 || !commit.All(char.IsAsciiHexDigit))
            {
                throw new UserError("the hub names no commit", where, "is the endpoint a hub?");
            }

            var entries = new List<HubEntry>();
            foreach (var file in document.RootElement.TryGetProperty("siblings", out var siblings) ? siblings.EnumerateArray() : default)
            {
                var path = file.GetProperty("rfilename").GetString() ?? "";
                if (!HubPath.IsSafe(path))
                {
                    throw new UserError($"the repository names a file that leads out of its folder: '{path}'", where, "do not use this repository");
                }

                var lfs = file.TryGetProperty("lfs", out var large) && large.ValueKind == JsonValueKind.Object ? large : default;
                entries.Add(new(path, Number(lfs, "size") ?? Number(file, "size"), Text(lfs, "sha256") ?? Text(lfs, "oid")));
            }

            return (commit, entries);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new UserError("the answer is not that of a hub", where, "check HF_ENDPOINT", e);
        }
    }

    private static long? Number(JsonElement of, string key) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(key, out var n) && n.ValueKind == JsonValueKind.Number && n.TryGetInt64(out var size) && size >= 0 ? size : null;

    private static string? Text(JsonElement of, string key) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(key, out var t) && t.ValueKind == JsonValueKind.String ? t.GetString() : null;
}
