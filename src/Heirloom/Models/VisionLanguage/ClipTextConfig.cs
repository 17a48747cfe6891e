using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.VisionLanguage;

/// <summary>CLIP's text encoder (Radford et al. 2021): a causal transformer that is read at the end of the text.</summary>
public sealed record ClipTextConfig : ModelConfig, IExample<ClipTextConfig>
{
    public static ClipTextConfig Example => Clip(vocabulary: 32, context: 16, width: 16, layers: 2, heads: 2, endToken: 5, projection: 8);

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    /// <summary>Longest text.</summary>
    [Range(1, int.MaxValue)]
    public required int ContextLength { get; init; }

    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>The id that ends a text, where it is read (at the first one); null reads at the highest id, as the first files were made.</summary>
    [Range(0, int.MaxValue)]
    public int? EndToken { get; init; }

    /// <summary>Width of the projection that stands for the text; null for the vector at its end itself.</summary>
    [Range(1, int.MaxValue)]
    public int? ProjectionWidth { get; init; }

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <summary>The published form.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="context">Longest text (77 in the original).</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="endToken">The id that ends a text.</param>
    /// <param name="projection">Width of what is compared with images; null for none.</param>
    public static ClipTextConfig Clip(int vocabulary, int context, int width, int layers, int heads, int endToken, int? projection) => new()
    {
        VocabularySize = vocabulary,
        ContextLength = context,
        Layers = layers,
        Block = Form(width, heads),
        EndToken = endToken,
        ProjectionWidth = projection,
    };

    public override ClipText Build(Seed seed)
    {
        var model = new ClipText(this);
        Initialization.Apply(model, seed);
        return model;
    }

    /// <summary>A layer of CLIP: layer norm before branches, biases, and the sigmoid's GELU.</summary>
    internal static TransformerBlockConfig Form(int width, int heads) => new()
    {
        Width = width,
        Attention = new AttentionConfig { Heads = heads }.WithBiases(),
        FeedForward = new() { Width = 4 * width, Activation = Activation.QuickGelu, Gated = false, Bias = true },
        Norm = new LayerNormConfig(),
    };
}
