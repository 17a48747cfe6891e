using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Text;

/// <summary>An encoder and a decoder that reads it. T5-type models are settings of it: <see cref="T5"/>, <see cref="T5Gated"/>.</summary>
public sealed record EncoderDecoderConfig : ModelConfig, IExample<EncoderDecoderConfig>
{
    public static EncoderDecoderConfig Example => T5(32, width: 16, layers: 2, heads: 2);

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    [Range(1, int.MaxValue)]
    public required int EncoderLayers { get; init; }

    [Range(1, int.MaxValue)]
    public required int DecoderLayers { get; init; }

    /// <summary>Each layer's form; those of the decoder have cross-attention of the same form besides.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>One table for all layers of the encoder and one for all of the decoder.</summary>
    public RelativePositionsConfig RelativePositions { get; init; } = new();

    /// <summary>Whether the vocabulary head is the embedding; hidden vectors are then scaled by 1/√width.</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>The id from which decoding starts (T5: padding).</summary>
    [Range(0, int.MaxValue)]
    public int DecoderStart { get; init; }

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

    public override EncoderDecoder Build(Seed seed)
    {
        var model = new EncoderDecoder(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
