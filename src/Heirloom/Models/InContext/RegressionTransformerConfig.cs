using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.InContext;

/// <summary>A causal transformer over points and values (Garg et al. 2022, "What Can Transformers Learn In-Context?"; Raventós et al. 2023, section 2).</summary>
public sealed record RegressionTransformerConfig : ModelConfig, IExample<RegressionTransformerConfig>
{
    public static RegressionTransformerConfig Example => Gpt2(dimensions: 2, points: 4, width: 16, layers: 2, heads: 2);

    /// <summary>Width of a point, D.</summary>
    [Range(1, 4096)]
    public required int Dimensions { get; init; }

    /// <summary>Most points of a sequence, K; it reads 2K tokens.</summary>
    [Range(1, 1 << 16)]
    public required int Points { get; init; }

    [Range(1, 1000)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form.</summary>
    public required TransformerBlockConfig Block { get; init; }

    public PositionsConfig Positions { get; init; } = new LearnedPositionsConfig();

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <summary>GPT-2-type blocks and learned positions, as in both papers (8 layers of width 128 and 2 heads in the second).</summary>
    /// <param name="dimensions">Width of a point.</param>
    /// <param name="points">Most points of a sequence.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    public static RegressionTransformerConfig Gpt2(int dimensions, int points, int width, int layers, int heads) => new()
    {
        Dimensions = dimensions,
        Points = points,
        Layers = layers,
        Block = new()
        {
            Width = width,
            Attention = new AttentionConfig { Heads = heads }.WithBiases(),
            FeedForward = new() { Width = 4 * width, Activation = Activation.GeluTanh, Gated = false, Bias = true },
            Norm = new LayerNormConfig(),
        },
    };

    public override RegressionTransformer Build(Seed seed)
    {
        var model = new RegressionTransformer(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
