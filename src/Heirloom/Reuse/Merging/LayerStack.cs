using System.Text.Json;
using System.Text.Json.Nodes;

namespace Heirloom.Reuse.Merging;

/// <summary>Layers of a model as its tensors' names show them: <c>model.layers.N.</c>, <c>transformer.h.N.</c>, <c>encoder.block.N.</c>.</summary>
/// <param name="Prefix">What stands before the layer's number, with its dot.</param>
/// <param name="Count">How many.</param>
/// <param name="Keys">Where the configuration says so.</param>
internal sealed record LayerStack(string Prefix, int Count, IReadOnlyList<string> Keys)
{
    private static readonly string[] s_folders = ["layers", "layer", "h", "block", "blocks"];
    private static readonly string[] s_counts = ["num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers", "encoder_layers", "decoder_layers", "layers"];

    /// <summary>A word for the part of the model that the layers belong to.</summary>
    public string Module => Prefix.Split('.').FirstOrDefault(p => p is "encoder" or "decoder" or "text_model" or "vision_model" or "language_model") ?? "default";

    /// <summary>Stacks whose number of layers the configuration states.</summary>
    /// <param name="names">Tensors.</param>
    /// <param name="config">The configuration.</param>
    public static IReadOnlyList<LayerStack> Of(IEnumerable<string> names, JsonObject config)
    {
        var counts = Counts(config, "").ToList();

        // beside a count of the decoder's layers, one that names neither part is the encoder's (T5, BART)
        bool IsEncoders(string path) => !path.Contains("decoder", StringComparison.Ordinal)
            && counts.Exists(c => c.Path.Contains("decoder", StringComparison.Ordinal) && c.Path.LastIndexOf('.') == path.LastIndexOf('.'));
        return [.. names.Select(Split).OfType<(string Prefix, int Layer, string Ending)>()
            .GroupBy(n => n.Prefix, StringComparer.Ordinal)
            .Where(g => s_folders.Contains(g.Key.TrimEnd('.').Split('.')[^1]))
            .Select(g => (Prefix: g.Key, Count: g.Max(n => n.Layer) + 1, Whole: g.Select(n => n.Layer).Distinct().Count()))
            .Where(s => s.Count == s.Whole)
            .Select(s => new LayerStack(s.Prefix, s.Count, [.. counts.Where(c => c.Count == s.Count && Fits(c.Path, s.Prefix) && !(IsEncoders(c.Path) && s.Prefix.Contains("decoder", StringComparison.Ordinal))).Select(c => c.Path)]))
            .Where(s => s.Keys.Count > 0)
            .OrderBy(s => s.Prefix, StringComparer.Ordinal)];
    }

    /// <summary>A name's layer; null for one that is in none.</summary>
    public static (string Prefix, int Layer, string Ending)? Split(string name)
    {
        var parts = name.Split('.');
        var at = Array.FindIndex(parts, p => p.Length is > 0 and < 6 && p.All(char.IsAsciiDigit));
        return at < 1 || at == parts.Length - 1 ? null : (string.Join('.', parts[..at]) + ".", int.Parse(parts[at]), string.Join('.', parts[(at + 1)..]));
    }

    private static IEnumerable<(string Path, int Count)> Counts(JsonObject config, string path)
    {
        foreach (var (key, value) in config)
        {
            if (value is JsonObject inner)
            {
                foreach (var found in Counts(inner, $"{path}{key}."))
                {
                    yield return found;
                }
            }
            else if (s_counts.Contains(key) && value is JsonValue number && number.GetValueKind() == JsonValueKind.Number && number.TryGetValue<int>(out var count))
            {
                yield return (path + key, count);
            }
        }
    }

    /// <summary>A count of the decoder's layers is none of the encoder's; one of text is none of images.</summary>
    private static bool Fits(string path, string prefix) =>
        (!path.Contains("decoder", StringComparison.Ordinal) || prefix.Contains("decoder", StringComparison.Ordinal))
        && (!path.Contains("encoder_layers", StringComparison.Ordinal) || prefix.Contains("encoder", StringComparison.Ordinal))
        && (!path.Contains("text", StringComparison.Ordinal) || !prefix.Contains("vision", StringComparison.Ordinal))
        && (!path.Contains("vision", StringComparison.Ordinal) || prefix.Contains("vision", StringComparison.Ordinal));
}
