using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Text;

/// <summary>A decoder-only transformer. GPT-2- and Llama-type models are settings of it: <see cref="Gpt2"/>, <see cref="Llama"/>, <see cref="Falcon"/>.</summary>
public sealed record DecoderConfig : ModelConfig, IExample<DecoderConfig>
{
    public static DecoderConfig Example => Llama(32, context: 16, width: 16, layers: 2, heads: 2);

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence.</summary>
    [Range(1, int.MaxValue)]
    public required int ContextLength { get; init; }

    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>Layers, counted from 0, whose attention has the blocks' window; the others see everything before. Empty for all layers (or none, without a window).</summary>
    public ImmutableArray<int> WindowLayers { get; init; } = [];

    public PositionsConfig Positions { get; init; } = new RotaryPositionsConfig();

    /// <summary>Whether there is a vocabulary head; without one it encodes only, which is all that a classifier needs.</summary>
    public bool Head { get; init; } = true;

    /// <summary>Whether the vocabulary head, where there is one, is the embedding (Press and Wolf 2017).</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>Whether the vocabulary head has a bias (Phi).</summary>
    public bool HeadBias { get; init; }

    /// <summary>Factor on token embeddings (√width in Gemma).</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Normalizes embeddings before the first layer (BLOOM).</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <summary>GPT-2-type (Radford et al. 2019): learned positions, layer norm before each branch, tanh GELU, biases, tied head.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="context">Longest sequence.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="dropout">Everywhere (0.1 in the original).</param>
    public static DecoderConfig Gpt2(int vocabulary, int context, int width, int layers, int heads, double dropout = 0) => new()
    {
        VocabularySize = vocabulary,
        ContextLength = context,
        Layers = layers,
        Positions = new LearnedPositionsConfig(),
        Block = new()
        {
            Width = width,
            Attention = new AttentionConfig { Heads = heads, Dropout = dropout }.WithBiases(),
            FeedForward = new() { Width = 4 * width, Activation = Activation.GeluTanh, Gated = false, Bias = true },
            Norm = new LayerNormConfig(),
            Dropout = dropout,
        },
    };

    /// <summary>Llama-type (Touvron et al. 2023): rotary positions, RMS norm before each branch, SwiGLU, no biases.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="context">Longest sequence.</param>
    /// <param name="width">Width of the residual stream.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="keyValueHeads">Key and value heads; null for as many.</param>
    /// <param name="feedForward">Hidden width; null for 8/3 of the width, rounded up to a multiple of 32.</param>
    /// <param name="tied">Whether the head is the embedding.</param>
    public static DecoderConfig Llama(
        int vocabulary, int context, int width, int layers, int heads, int? keyValueHeads = null, int? feedForward = null, bool tied = true) => new()
        {
            VocabularySize = vocabulary,
            ContextLength = context,
            Layers = layers,
            TieEmbeddings = tied,
            Block = new()
            {
                Width = width,
                Attention = new() { Heads = heads, KeyValueHeads = keyValueHeads },
                FeedForward = new() { Width = feedForward ?? ((8 * width / 3) + 31) / 32 * 32 },
            },
        };

    /// <summary>Falcon-type (Almazrouei et al. 2023): rotary positions, attention and feed-forward side by side after one layer norm, few key and value heads, no biases.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="context">Longest sequence.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="keyValueHeads">Key and value heads: 1 is multi-query, more are grouped.</param>
    public static DecoderConfig Falcon(int vocabulary, int context, int width, int layers, int heads, int keyValueHeads = 1) => new()
    {
        VocabularySize = vocabulary,
        ContextLength = context,
        Layers = layers,
        Block = new()
        {
            Width = width,
            Attention = new() { Heads = heads, KeyValueHeads = keyValueHeads },
            FeedForward = new() { Width = 4 * width, Activation = Activation.Gelu, Gated = false },
            Norm = new LayerNormConfig(),
            Layout = BlockLayout.ParallelSharedNorm,
        },
    };

    public override Decoder Build(Seed seed)
    {
        var model = new Decoder(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
