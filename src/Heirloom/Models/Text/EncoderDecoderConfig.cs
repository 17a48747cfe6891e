using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Text;

/// <summary>An encoder and a decoder that reads it. T5- and BART-type models are settings of it: <see cref="T5"/>, <see cref="T5Gated"/>, <see cref="Bart"/>.</summary>
public sealed record EncoderDecoderConfig : ModelConfig, IExample<EncoderDecoderConfig>
{
    public static EncoderDecoderConfig Example => T5(32, width: 16, layers: 2, heads: 2);

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    [Range(1, int.MaxValue)]
    public required int EncoderLayers { get; init; }

    [Range(1, int.MaxValue)]
    public required int DecoderLayers { get; init; }

    /// <summary>Each layer's form.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>The form of the decoder's layers, of the same width; null for <see cref="Block"/>. They have cross-attention of the same form besides.</summary>
    public TransformerBlockConfig? DecoderBlock { get; init; }

    /// <summary>The encoder has its own and the decoder has its own; relative ones are one table for all layers of each.</summary>
    public PositionsConfig Positions { get; init; } = new RelativePositionsConfig();

    /// <summary>Longest source and longest target; null for no bound, which learned positions need.</summary>
    [Range(1, int.MaxValue)]
    public int? ContextLength { get; init; }

    /// <summary>Factor on token embeddings (√width in some BART-type models).</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Normalizes embeddings before the first layer of each stack.</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>Whether there is a vocabulary head; without one it encodes only, which is all that a classifier needs.</summary>
    public bool Head { get; init; } = true;

    /// <summary>Whether the vocabulary head, where there is one, is the embedding.</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>Whether the vocabulary head has a bias.</summary>
    public bool HeadBias { get; init; }

    /// <summary>Factor on hidden vectors before the vocabulary head; null for 1/√width under <see cref="TieEmbeddings"/> (T5) and 1 otherwise.</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double? HeadScale { get; init; }

    /// <summary>The id from which decoding starts (T5: padding; BART: the end token).</summary>
    [Range(0, int.MaxValue)]
    public int DecoderStart { get; init; }

    /// <summary>
    /// Whether a target's own last token, which names its language, comes first in what the decoder reads of it (mBART; Liu et al. 2020). Where there is no
    /// target yet, decoding starts from <see cref="DecoderStart"/> all the same.
    /// </summary>
    public bool StartsWithLast { get; init; }

    /// <summary>Whether the normalized output of each stack is dropped out in training once more (T5).</summary>
    public bool OutputDropout { get; init; } = true;

    /// <summary>The id that stands for padding: what the decoder reads for a target that no loss counts.</summary>
    [Range(0, int.MaxValue)]
    public int PaddingToken { get; init; }

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new FanInInitializationConfig();

    /// <summary>T5 (Raffel et al. 2020): RMS norm before each branch, unscaled attention, ReLU, tied head, no biases.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="width">Width of the residual stream.</param>
    /// <param name="layers">Blocks of the encoder, and of the decoder.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="feedForward">Hidden width; null for four times the width.</param>
    /// <param name="headWidth">Width of a head; null for width over heads.</param>
    /// <param name="dropout">Everywhere (0.1 in the original).</param>
    public static EncoderDecoderConfig T5(
        int vocabulary, int width, int layers, int heads, int? feedForward = null, int? headWidth = null, double dropout = 0) => new()
        {
            VocabularySize = vocabulary,
            EncoderLayers = layers,
            DecoderLayers = layers,
            Block = new()
            {
                Width = width,
                Attention = new() { Heads = heads, HeadWidth = headWidth, Scale = 1, Dropout = dropout },
                FeedForward = new() { Width = feedForward ?? 4 * width, Activation = Activation.Relu, Gated = false, Dropout = dropout },
                Norm = new RmsNormConfig { Epsilon = 1e-6 },
                Dropout = dropout,
            },
        };

    /// <summary>T5 version 1.1 (Shazeer 2020): gated GELU and a head of its own.</summary>
    /// <inheritdoc cref="T5"/>
    public static EncoderDecoderConfig T5Gated(
        int vocabulary, int width, int layers, int heads, int? feedForward = null, int? headWidth = null, double dropout = 0)
    {
        var t5 = T5(vocabulary, width, layers, heads, feedForward, headWidth, dropout);
        return t5 with
        {
            TieEmbeddings = false,
            Block = t5.Block with { FeedForward = t5.Block.FeedForward with { Activation = Activation.GeluTanh, Gated = true } },
        };
    }

    /// <summary>BART (Lewis et al. 2020): learned positions, layer norm after each branch, exact GELU, tied head with a bias, biases everywhere.</summary>
    /// <param name="vocabulary">Tokens; 1 is padding, and decoding starts from 2.</param>
    /// <param name="context">Longest source and longest target.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks of the encoder, and of the decoder.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="dropout">Everywhere (0.1 in the original).</param>
    public static EncoderDecoderConfig Bart(int vocabulary, int context, int width, int layers, int heads, double dropout = 0) => new()
    {
        VocabularySize = vocabulary,
        ContextLength = context,
        EncoderLayers = layers,
        DecoderLayers = layers,
        Positions = new LearnedPositionsConfig { Offset = 2 },
        EmbeddingNorm = true,
        HeadBias = true,
        HeadScale = 1,
        DecoderStart = 2,
        PaddingToken = 1,
        Initialization = new NormalInitializationConfig { ScaleResidual = false },
        Block = new()
        {
            Width = width,
            Attention = new AttentionConfig { Heads = heads, Dropout = dropout }.WithBiases(),
            FeedForward = new() { Width = 4 * width, Activation = Activation.Gelu, Gated = false, Bias = true },
            Norm = new LayerNormConfig(),
            Placement = NormPlacement.Post,
            Dropout = dropout,
        },
    };

    /// <summary>The decoder's form.</summary>
    /// <exception cref="UserError">Encoder and decoder differ in width.</exception>
    public TransformerBlockConfig DecoderBlockOrSame() => DecoderBlock is not { } own || own.Width == Block.Width ? DecoderBlock ?? Block
        : throw new UserError($"a decoder of width {own.Width} cannot read an encoder of width {Block.Width}", "decoder_block.width", $"width: {Block.Width}");

    /// <summary>The factor on hidden vectors before the head.</summary>
    public double HeadScaleOrDefault() => HeadScale ?? (TieEmbeddings ? 1 / Math.Sqrt(Block.Width) : 1);

    /// <summary>Positions to build for.</summary>
    internal int ContextLengthFor(PositionsConfig positions) => ContextLength ?? (positions is not LearnedPositionsConfig ? int.MaxValue
        : throw new UserError("learned positions need to know how many there are", "context_length", "give the longest sequence"));

    public override EncoderDecoder Build(Seed seed)
    {
        var model = new EncoderDecoder(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
