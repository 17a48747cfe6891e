using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Text;

/// <summary>A GLM-type model (Du et al. 2022, "GLM: General Language Model Pretraining with Autoregressive Blank Infilling"): norms before each branch, GELU, a tied head.</summary>
public sealed record BlankInfillerConfig : ModelConfig, IExample<BlankInfillerConfig>
{
    public static BlankInfillerConfig Example => Glm(32, context: 32, width: 16, layers: 2, heads: 2);

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    /// <summary>Most tokens of a text and what fills its blanks together.</summary>
    [Range(1, int.MaxValue)]
    public required int ContextLength { get; init; }

    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form, its norms before the branches.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <summary>The published form at any size.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="context">Most tokens of text and blanks together.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="dropout">Everywhere (0.1 in the original).</param>
    public static BlankInfillerConfig Glm(int vocabulary, int context, int width, int layers, int heads, double dropout = 0) => new()
    {
        VocabularySize = vocabulary,
        ContextLength = context,
        Layers = layers,
        Block = DecoderConfig.Gpt2(vocabulary, context, width, layers, heads, dropout).Block,
    };

    public override BlankInfiller Build(Seed seed)
    {
        var model = new BlankInfiller(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
