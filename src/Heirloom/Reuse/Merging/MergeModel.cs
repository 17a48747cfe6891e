using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Hub;

namespace Heirloom.Reuse.Merging;

/// <summary>A model that takes part in a merge: its headers and configuration at once, its values when asked for, its identity when all were.</summary>
internal sealed class MergeModel : IDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _digests = new();

    public MergeModel(string name, string folder)
    {
        Name = name;
        Folder = folder;
        ConfigPath = Path.Combine(folder, HubFolder.ConfigFile);
        Config = Directory.Exists(folder) ? JsonFile.ParseObject(ConfigPath) : throw new UserError("no such folder", folder, "name a model folder, or hf:org/name");
        Lineage = LineageFile.Read(folder);
        Weights = WeightsFolder.Open(folder);
        Stacks = LayerStack.Of(Weights.Entries.Keys, Config);
    }

    /// <summary>As the recipe calls it.</summary>
    public string Name { get; }

    public string Folder { get; }

    public string ConfigPath { get; }

    public JsonObject Config { get; }

    public Lineage? Lineage { get; }

    public IWeights Weights { get; }

    public IReadOnlyList<LayerStack> Stacks { get; }

    public string Family => Text("model_type") ?? (Config["architectures"] as JsonArray)?.FirstOrDefault()?.ToString() ?? "unknown";

    /// <summary>Rows of its embeddings as the configuration says; null where it says nothing.</summary>
    public int? Vocabulary => VocabularyKeys.Select(k => JsonPath.Get(Config, k)).OfType<JsonValue>().Select(v => v.GetValueKind() == JsonValueKind.Number && v.TryGetValue<int>(out var rows) ? rows : (int?)null).FirstOrDefault(r => r is not null);

    /// <summary>Where a configuration says how many tokens there are.</summary>
    public static IReadOnlyList<string> VocabularyKeys { get; } = ["vocab_size", "text_config.vocab_size", "heirloom.vocabulary_size", "heirloom.encoder.vocabulary_size"];

    public bool TiesEmbeddings => Config["tie_word_embeddings"] is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    /// <summary>The hub's name of its class; empty where the configuration does not say.</summary>
    public string Architecture => Config["architectures"] is JsonArray { Count: 1 } names && names[0] is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : "";

    /// <summary>Whether a tensor has a row for every token.</summary>
    public bool IsVocabulary(TensorEntry entry) => Vocabulary is { } rows && entry.Shape is [var first, ..] && first == rows && entry.Shape.Length <= 2 && IsVocabularyName(entry.Name);

    /// <summary>Whether a name is that of an embedding of tokens, of a head over them or of its bias.</summary>
    public static bool IsVocabularyName(string name) => s_vocabularyNames.Any(n => name.Contains(n, StringComparison.Ordinal));

    private static readonly string[] s_vocabularyNames =
        ["embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embed_in", "embed_out", "shared.weight", "lm_head", "predictions.decoder", "predictions.bias", "generator_lm_head", "token_embedding", "vocab_projector", "embedding.weight", "head.weight"];

    /// <summary>Reads one tensor as float32.</summary>
    /// <exception cref="UserError">It holds a NaN or an infinite value.</exception>
    public void Read(string name, Span<float> values)
    {
        var type = Weights.Entries[name].Type;
        var done = 0;
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        unsafe
        {
            fixed (float* start = values)
            {
                var memory = (nint)start;
                var length = values.Length;
                Weights.Visit(name, bytes =>
                {
                    digest.AppendData(bytes);
                    done += FloatBytes.ToSingle(bytes, type, new Span<float>((void*)memory, length)[done..]);
                });
            }
        }

        _digests[name] = digest.GetHashAndReset();
        if (FloatBytes.HasNonFinite(values))
        {
            throw new UserError("holds a NaN or an infinite value", $"{Weights.FileOf(name)}: {name}", $"the model {Name} is broken: merge it without this one");
        }
    }

    /// <summary>Passes over a tensor's bytes as they are.</summary>
    public void Visit(string name, ReadOnlySpanVisitor visit)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Weights.Visit(name, bytes =>
        {
            digest.AppendData(bytes);
            visit(bytes);
        });
        _digests[name] = digest.GetHashAndReset();
    }

    /// <summary>The identity of its weights; what was not read yet is read for it.</summary>
    public string Hash()
    {
        var hash = new WeightsHash();
        foreach (var entry in Weights.Entries.Values)
        {
            if (!_digests.ContainsKey(entry.Name))
            {
                Visit(entry.Name, _ => { });
            }

            hash.Add(entry.Name, TensorTypes.Name(entry.Type), entry.Shape, _digests[entry.Name]);
        }

        return hash.ToString();
    }

    public void Dispose() => Weights.Dispose();

    private string? Text(string key) => Config[key] is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;
}
