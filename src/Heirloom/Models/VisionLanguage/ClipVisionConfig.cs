using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.VisionLanguage;

/// <summary>CLIP's vision transformer (Radford et al. 2021): no bias in its patches, a norm before the first layer, and one on the class token's vector alone.</summary>
public sealed record ClipVisionConfig : ModelConfig, IExample<ClipVisionConfig>
{
    public static ClipVisionConfig Example => Clip(image: 8, patch: 4, channels: 1, width: 16, layers: 2, heads: 2, projection: 8);

    /// <summary>Height and width in pixels.</summary>
    [Range(1, int.MaxValue)]
    public required int ImageSize { get; init; }

    /// <summary>Height and width of a patch; pixels that fill none are left out.</summary>
    [Range(1, int.MaxValue)]
    public required int PatchSize { get; init; }

    [Range(1, int.MaxValue)]
    public int Channels { get; init; } = 3;

    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>Width of the projection that stands for the image; null for the class token's vector itself.</summary>
    [Range(1, int.MaxValue)]
    public int? ProjectionWidth { get; init; }

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <summary>The published form.</summary>
    /// <param name="image">Height and width in pixels.</param>
    /// <param name="patch">Height and width of a patch.</param>
    /// <param name="channels">Colors.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="projection">Width of what is compared with texts; null for none.</param>
    public static ClipVisionConfig Clip(int image, int patch, int channels, int width, int layers, int heads, int? projection) => new()
    {
        ImageSize = image,
        PatchSize = patch,
        Channels = channels,
        Layers = layers,
        Block = ClipTextConfig.Form(width, heads),
        ProjectionWidth = projection,
    };

    /// <summary>Patches of an image.</summary>
    public long Patches() => (long)(ImageSize / PatchSize) * (ImageSize / PatchSize);

    public override ClipVision Build(Seed seed)
    {
        var model = new ClipVision(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
