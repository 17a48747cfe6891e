using Heirloom.Layers;

namespace Heirloom.Models.Vision;

/// <summary>A vision transformer with a linear head that writes hidden patches again, pixel by pixel (Xie et al. 2022, SimMIM).</summary>
public sealed record MaskedImageModelConfig : ModelConfig, IExample<MaskedImageModelConfig>
{
    public static MaskedImageModelConfig Example => new() { Encoder = VisionTransformerConfig.Vit(image: 8, patch: 4, channels: 1, width: 16, layers: 2, heads: 2) };

    /// <summary>Without a classifier.</summary>
    public required VisionTransformerConfig Encoder { get; init; }

    /// <summary>How the head and the vector of hidden patches start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig { ScaleResidual = false, Truncated = true };

    /// <exception cref="UserError">The encoder has a classifier or a pooler, which nothing would train.</exception>
    public override MaskedImageModel Build(Seed seed)
    {
        if (Encoder is not { Classes: 0, Pooler: false })
        {
            throw new UserError("nothing would train a classifier or a pooler here", "encoder", "set classes: 0 and pooler: false");
        }

        var model = new MaskedImageModel(Encoder.Build(seed.For("encoder")), this);
        model.Start(seed.For("head"));
        return model;
    }
}
