using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Heirloom.Layers;

namespace Heirloom.Checkpoints.Hub;

/// <summary>What transformer families have in common on the hub.</summary>
internal static class HubBlocks
{
    /// <summary>More layers than any model has: a damaged configuration must not make us list billions of names.</summary>
    public const int MaxLayers = 10_000;

    /// <summary>Activations by the hub's names; the first name of each is the one that is written.</summary>
    public static FrozenDictionary<string, Activation> Activations { get; } = new Dictionary<string, Activation>
    {
        ["gelu"] = Activation.Gelu,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
        ["gelu_fast"] = Activation.GeluTanh,
        ["quick_gelu"] = Activation.QuickGelu,
        ["relu"] = Activation.Relu,
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
        ["tanh"] = Activation.Tanh,
    }.ToFrozenDictionary();

    /// <summary>The hub's name.</summary>
    public static string Name(Activation activation) => activation switch
    {
        Activation.Gelu => "gelu",
        Activation.GeluTanh => "gelu_new",
        _ => Settings.SnakeCase(activation.ToString()),
    };

    /// <summary>What of a block decides what it computes in evaluation, with defaults spelled out.</summary>
    /// <exception cref="UserError">Heads do not divide the width.</exception>
    public static TransformerBlockConfig Essence(TransformerBlockConfig block) => block with
    {
        Dropout = 0,
        FeedForward = block.FeedForward with { Dropout = 0 },
        Attention = block.Attention with
        {
            Dropout = 0,
            KeyValueHeads = block.Attention.KeyHeads(),
            HeadWidth = block.Attention.HeadWidthOf(block.Width),
        },
    };

    /// <summary>Widths of all queries and of all keys.</summary>
    public static (long Queries, long Keys) Widths(TransformerBlockConfig block)
    {
        var head = (long)block.Attention.HeadWidthOf(block.Width);
        return (block.Attention.Heads * head, block.Attention.KeyHeads() * head);
    }

    /// <summary>Head counts and widths, where they are not what the width implies.</summary>
    public static bool HasOwnHeadWidth(TransformerBlockConfig block) => Widths(block).Queries != block.Width;

    /// <summary>Dropout probabilities as BERT and ViT name them.</summary>
    public static void WriteDropouts(JsonObject json, TransformerBlockConfig block)
    {
        json["hidden_dropout_prob"] = block.Dropout;
        json["attention_probs_dropout_prob"] = block.Attention.Dropout;
    }

    /// <summary>Labels 0, 1, 2, … under the names that the hub gives classes without names.</summary>
    public static void WriteLabels(JsonObject json, int classes)
    {
        var (names, ids) = (new JsonObject(), new JsonObject());
        for (var i = 0; i < classes; i++)
        {
            names[$"{i}"] = $"LABEL_{i}";
            ids[$"LABEL_{i}"] = i;
        }

        json["id2label"] = names;
        json["label2id"] = ids;
    }
}
