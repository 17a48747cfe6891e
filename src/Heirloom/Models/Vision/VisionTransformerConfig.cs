using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Vision;

/// <summary>A transformer over the patches of square images; <see cref="Vit"/> gives the original's form.</summary>
public sealed record VisionTransformerConfig : ModelConfig, IExample<VisionTransformerConfig>
{
    public static VisionTransformerConfig Example => Vit(image: 8, patch: 4, channels: 1, width: 16, layers: 2, heads: 2, classes: 3);

    /// <summary>Height and width in pixels, a multiple of <see cref="PatchSize"/>.</summary>
    [Range(1, int.MaxValue)]
    public required int ImageSize { get; init; }

    [Range(1, int.MaxValue)]
    public required int PatchSize { get; init; }

    [Range(1, int.MaxValue)]
    public int Channels { get; init; } = 3;

    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>Whether a learned token stands for the image; otherwise the mean of the patches does.</summary>
    public bool ClassToken { get; init; } = true;

    /// <summary>Whether it brings its own projection, through tanh, of the vector that stands for the image.</summary>
    public bool Pooler { get; init; }

    /// <summary>Outputs of a linear classifier over it; 0 for none.</summary>
    [Range(0, int.MaxValue)]
    public int Classes { get; init; }

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig { ScaleResidual = false, Truncated = true };

    /// <summary>ViT (Dosovitskiy et al. 2021): layer norm before each branch, exact GELU, biases.</summary>
    /// <param name="image">Height and width in pixels.</param>
    /// <param name="patch">Height and width of a patch.</param>
    /// <param name="channels">Colors.</param>
    /// <param name="width">Width of the residual stream.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="feedForward">Hidden width; null for four times the width.</param>
    /// <param name="classes">Outputs of a classifier; 0 for none.</param>
    /// <param name="dropout">Of branches and embeddings.</param>
    public static VisionTransformerConfig Vit(
        int image, int patch, int channels, int width, int layers, int heads, int? feedForward = null, int classes = 0, double dropout = 0) => new()
        {
            ImageSize = image,
            PatchSize = patch,
            Channels = channels,
            Layers = layers,
            Classes = classes,
            Block = new()
            {
                Width = width,
                Attention = new AttentionConfig { Heads = heads }.WithBiases(),
                FeedForward = new() { Width = feedForward ?? 4 * width, Activation = Activation.Gelu, Gated = false, Bias = true, Dropout = dropout },
                Norm = new LayerNormConfig { Epsilon = 1e-6 },
                Dropout = dropout,
            },
        };

    /// <summary>Patches of an image.</summary>
    public long Patches() => (long)(ImageSize / PatchSize) * (ImageSize / PatchSize);

    public override VisionTransformer Build(Seed seed)
    {
        var model = new VisionTransformer(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
