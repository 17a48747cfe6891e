using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;

namespace Heirloom.Reuse.Growing;

/// <summary>The sizes of a transformer that can grow. A head's width cannot: positions and the scale of scores depend on it.</summary>
public sealed record ModelSize
{
    /// <summary>Of the residual stream.</summary>
    public required int Width { get; init; }

    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Of one head; stays.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>Hidden width of the feed-forward networks.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Rows of the embedding; null where no tokens are read.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>Items on an axis.</summary>
    public int this[Axis axis] => axis switch
    {
        Axis.Width => Width,
        Axis.Heads => Heads,
        Axis.KeyHeads => KeyHeads,
        Axis.FeedForward => FeedForward,
        Axis.Vocabulary => Vocabulary ?? throw new ArgumentException("the model has no vocabulary", nameof(axis)),
        _ => throw new ArgumentException("has no size of its own", nameof(axis)),
    };

    /// <summary>Whether only the number of layers differs.</summary>
    public bool IsAsWideAs(ModelSize other) => this with { Layers = other.Layers } == other;

    /// <summary>Refuses sizes to which no model of these can grow.</summary>
    /// <exception cref="UserError">Something would be smaller, or a head's width would change.</exception>
    public void RequireFrom(ModelSize small)
    {
        foreach (var (name, old, grown) in ((string, int, int)[])
        [
            ("width", small.Width, Width), ("layers", small.Layers, Layers), ("heads", small.Heads, Heads), ("kv-heads", small.KeyHeads, KeyHeads),
            ("feed-forward", small.FeedForward, FeedForward), ("vocabulary", small.Vocabulary ?? 0, Vocabulary ?? 0),
        ])
        {
            RequireGrowth(name, old, grown);
        }

        if (HeadWidth != small.HeadWidth)
        {
            throw new UserError($"heads of {small.HeadWidth} cannot become heads of {HeadWidth}", "heads", "a head's width stays: ask for more heads");
        }
    }

    /// <exception cref="UserError">It would be smaller.</exception>
    internal static int RequireGrowth(string name, int old, int grown) =>
        grown >= old ? grown : throw new UserError($"{grown} is less than the model's {old}", name, "growing makes a model larger");

    /// <exception cref="UserError">Growing does not cover the family.</exception>
    public static ModelSize Of(ModelConfig config) => config switch
    {
        DecoderConfig decoder => Of(decoder.Block, decoder.Layers, decoder.VocabularySize),
        EncoderConfig encoder => Of(encoder.Block, encoder.Layers, encoder.VocabularySize),
        VisionTransformerConfig vision => Of(vision.Block, vision.Layers, null),
        HeadConfig head => Of(head.Encoder),
        _ => throw new UserError($"a model of kind '{Settings.KindOf(config.GetType())}' cannot be grown", "model", "decoders, encoders, vision transformers and classifiers over them can"),
    };

    /// <summary>The configuration with these sizes.</summary>
    /// <param name="config">Of a model with the same width of heads.</param>
    /// <param name="layers">The old layer that each new one comes from.</param>
    /// <param name="norm">Of all blocks; null for the norm that they have.</param>
    /// <exception cref="UserError">Growing does not cover the family, or its layers share their weights and their number changes.</exception>
    public ModelConfig Apply(ModelConfig config, IReadOnlyList<int> layers, NormConfig? norm = null) => config switch
    {
        DecoderConfig decoder => decoder with
        {
            Block = Apply(decoder.Block, norm),
            Layers = Layers,
            VocabularySize = Vocabulary!.Value,
            WindowLayers = [.. Enumerable.Range(0, Layers).Where(i => decoder.WindowLayers.Contains(layers[i]))],
        },
        EncoderConfig { Sharing: not null } encoder when encoder.Layers != Layers =>
            throw new UserError("the layers share their weights, so that more of them are no growth", "layers", "grow its width, heads or feed-forward"),
        EncoderConfig encoder => encoder with { Block = Apply(encoder.Block, norm), Layers = Layers, VocabularySize = Vocabulary!.Value },
        VisionTransformerConfig vision => vision with { Block = Apply(vision.Block, norm), Layers = Layers },
        HeadConfig head => head with { Encoder = Apply(head.Encoder, layers, norm) },
        _ => throw new ArgumentException("cannot be grown", nameof(config)),
    };

    private static ModelSize Of(TransformerBlockConfig block, int layers, int? vocabulary) => new()
    {
        Width = block.Width,
        Layers = layers,
        Heads = block.Attention.Heads,
        KeyHeads = block.Attention.KeyHeads(),
        HeadWidth = block.Attention.HeadWidthOf(block.Width),
        FeedForward = block.FeedForward.Width,
        Vocabulary = vocabulary,
    };

    private TransformerBlockConfig Apply(TransformerBlockConfig block, NormConfig? norm) => block with
    {
        Norm = norm ?? block.Norm,
        Width = Width,
        Attention = block.Attention with
        {
            Heads = Heads,
            KeyValueHeads = block.Attention.KeyValueHeads is null && KeyHeads == Heads ? null : KeyHeads,
            HeadWidth = block.Attention.HeadWidth is null && Heads * HeadWidth == Width ? null : HeadWidth,
        },
        FeedForward = block.FeedForward with { Width = FeedForward },
    };
}
