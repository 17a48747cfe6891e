using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>A projection of each patch of an image (Dosovitskiy et al. 2021, §3.1).</summary>
[Kind("patch")]
public sealed record PatchPartConfig : EmbeddingPartConfig, IExample<PatchPartConfig>
{
    public static PatchPartConfig Example => new() { ImageSize = 8, PatchSize = 4, Channels = 1 };

    /// <summary>Height and width in pixels; those that fill no patch are left out.</summary>
    [Range(1, int.MaxValue)]
    public required int ImageSize { get; init; }

    /// <summary>Height and width of a patch.</summary>
    [Range(1, int.MaxValue)]
    public required int PatchSize { get; init; }

    [Range(1, int.MaxValue)]
    public int Channels { get; init; } = 3;

    /// <summary>Whether a learned vector before the patches stands for the image; otherwise their mean does.</summary>
    public bool ClassToken { get; init; } = true;

    public bool Bias { get; init; } = true;

    /// <summary>Whether there is a vector that is read in the place of hidden patches (Bao et al. 2022, BEiT, §2.3).</summary>
    public bool MaskVector { get; init; }

    internal override Modality? Reads => Modality.Images;

    internal override int? Places => Count() + (ClassToken ? 1 : 0);

    /// <summary>N, patches of an image.</summary>
    public int Count() => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <summary>Numbers of a patch.</summary>
    internal int Pixels() => Channels * PatchSize * PatchSize;

    /// <exception cref="UserError">Patches larger than images.</exception>
    internal override PatchPart Build(EmbeddingsConfig embeddings) => Count() > 0
        ? new(this, embeddings.Width)
        : throw new UserError($"patches of {PatchSize} do not fit images of {ImageSize}", "patch_size", "choose smaller patches");
}

/// <inheritdoc cref="PatchPartConfig"/>
public sealed class PatchPart : EmbeddingPart
{
    private readonly PatchPartConfig _config;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;

    [ComponentName(Name = "class_token")]
    private readonly Parameter? _classToken;

    [ComponentName(Name = "mask_vector")]
    private readonly Parameter? _maskVector;

    internal PatchPart(PatchPartConfig config, int width) : base(nameof(PatchPart))
    {
        _config = config;
        _weight = ModuleWeight.Of(zeros(width, config.Channels, config.PatchSize, config.PatchSize));
        _bias = config.Bias ? ModuleWeight.Of(zeros(width)) : null;
        _classToken = config.ClassToken ? ModuleWeight.Of(zeros(width)) : null;
        _maskVector = config.MaskVector ? ModuleWeight.Of(zeros(width)) : null;
        RegisterComponents();
    }

    internal override StreamState Apply(StreamInputs inputs, StreamState? state)
    {
        var images = inputs.Images ?? throw new UserError("the model reads images", mend: "give it images");
        if (images.dim() != 4 || images.shape[1] != _config.Channels || images.shape[2] != _config.ImageSize || images.shape[3] != _config.ImageSize)
        {
            throw new UserError(
                $"images are [{string.Join(", ", images.shape)}] and the model reads [B, {_config.Channels}, {_config.ImageSize}, {_config.ImageSize}]", mend: "resize them");
        }

        // a convolution that steps by its size is a projection of each patch (see Convolutions for why it is written as one)
        var x_BND = nn.functional.linear(Patches.Of(images.to(_weight.dtype), _config.PatchSize), _weight.flatten(1), _bias);
        if (inputs.HiddenPatches is { } hidden)
        {
            var vector = _maskVector ?? throw new UserError("the model has no vector for hidden patches", "embedding", "build its patches with mask_vector: true");
            x_BND = where(hidden.unsqueeze(2), vector, x_BND);
        }

        return new(_classToken is null ? x_BND : cat([_classToken.expand(x_BND.shape[0], 1, -1), x_BND], 1));
    }
}
