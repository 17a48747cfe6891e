using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Encoding;
using Heirloom.Models.Heads;

namespace Heirloom.Generation.Text;

/// <summary>What a model's folder says, beside its weights, of how the model is to be used.</summary>
/// <param name="folder">In the hub's layout.</param>
public sealed class ModelFolder(string folder)
{
    private readonly Lazy<JsonObject> _config = new(() => Object(Path.Combine(folder, "config.json")) ?? []);
    private readonly Lazy<JsonObject> _generation = new(() => Object(Path.Combine(folder, "generation_config.json")) ?? []);

    public string Folder { get; } = folder;

    /// <summary>Tokens that end a text: those of <c>generation_config.json</c>, else of <c>config.json</c>, and the tokenizer's own.</summary>
    public ImmutableArray<int> StopIds(ITokenizer tokenizer)
    {
        var named = Ids(_generation.Value["eos_token_id"]) is { Length: > 0 } given ? given : Ids(_config.Value["eos_token_id"]);
        return [.. named.Concat(tokenizer.EndOfText is { } end ? [end] : []).Distinct()];
    }

    /// <summary>Names of so many classes: <c>id2label</c>, else <c>labels.json</c>, else LABEL_0, ….</summary>
    /// <exception cref="UserError">Named otherwise than by the numbers of the classes.</exception>
    public ImmutableArray<string> Labels(int classes)
    {
        if (_config.Value["id2label"] is JsonObject names)
        {
            var labels = Enumerable.Range(0, classes).Select(i => names[i.ToString(System.Globalization.CultureInfo.InvariantCulture)] is JsonValue v && v.TryGetValue<string>(out var name) ? name : null).ToArray();
            return labels.All(l => l is not null) && names.Count == classes ? [.. labels!]
                : throw new UserError($"its id2label does not name the {classes} classes from 0", Path.Combine(Folder, "config.json"), "give each class's number a name");
        }

        var file = Path.Combine(Folder, "labels.json");
        return Object(file)?["Names"] is JsonArray listed && listed.Count == classes
            ? [.. listed.Select(n => n is JsonValue v && v.TryGetValue<string>(out var name) ? name : throw new UserError("is not a list of classes", file))]
            : [.. Enumerable.Range(0, classes).Select(i => $"LABEL_{i}")];
    }

    /// <summary>What a classifier of so many classes scores.</summary>
    public Scoring Scoring(int classes) => _config.Value["problem_type"]?.ToString() switch
    {
        "regression" => Text.Scoring.Number,
        "multi_label_classification" => Text.Scoring.AnyOf,
        _ => classes == 1 ? Text.Scoring.Number : Text.Scoring.OneOf,
    };

    /// <summary>The pooling of a folder of sentence embeddings (<c>1_Pooling/config.json</c>); null where it says nothing.</summary>
    /// <exception cref="UserError">It pools in a way that we do not have, or in several, or has a module that we do not have.</exception>
    public Pooling? Pooling()
    {
        RequireModules();
        var file = Path.Combine(Folder, "1_Pooling", "config.json");
        const string Mode = "pooling_mode_";
        var modes = Object(file)?.Where(p => p.Key.StartsWith(Mode, StringComparison.Ordinal) && p.Value is JsonValue v && v.TryGetValue<bool>(out var on) && on).Select(p => p.Key[Mode.Length..]).ToList();
        return modes switch
        {
            null => null,
            ["cls_token"] => Models.Heads.Pooling.First,
            ["lasttoken"] => Models.Heads.Pooling.Last,
            ["mean_tokens"] => Models.Heads.Pooling.Mean,
            _ => throw new UserError($"pools in a way that is not supported ({string.Join(" and ", modes)})", file, "choose a pooling yourself"),
        };
    }

    /// <summary>Whether a folder of sentence embeddings asks for vectors of length 1.</summary>
    /// <exception cref="UserError">It has a module that we do not have.</exception>
    public bool Normalizes() => RequireModules().Contains("Normalize");

    /// <summary>What a folder of sentence embeddings lists in <c>modules.json</c>, in order.</summary>
    private List<string> RequireModules()
    {
        var file = Path.Combine(Folder, "modules.json");
        var modules = File.Exists(file) ? JsonFile.ParseArray(file).Select(m => m is JsonObject o ? o["type"]?.ToString().Split('.')[^1] ?? "" : "").ToList() : [];
        return modules.Find(m => m is not ("Transformer" or "Pooling" or "Normalize")) is { } other
            ? throw new UserError($"has a module '{other}', without which its vectors would be others", file, "supported: Transformer, Pooling, Normalize")
            : modules;
    }

    private static int[] Ids(JsonNode? node) => node switch
    {
        JsonValue one when one.TryGetValue<int>(out var id) => [id],
        JsonArray several => [.. several.SelectMany(Ids)],
        _ => [],
    };

    private static JsonObject? Object(string file) => File.Exists(file) ? JsonFile.ParseObject(file) : null;
}
