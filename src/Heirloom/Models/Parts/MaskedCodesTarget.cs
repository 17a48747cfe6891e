using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>
/// Codes of hidden patches, in whose place the encoder reads a mask vector (Bao et al. 2022, BEiT, §2.3). A patch's code is the nearest entry of a random codebook to
/// a random projection of its pixels (Chiu et al. 2022, BEST-RQ, §3.1): the tokenizer of images is fixed and needs no training.
/// </summary>
[Kind("masked_codes")]
public sealed record MaskedCodesTargetConfig : TargetConfig
{
    /// <summary>Share of patches that are hidden, drawn evenly.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Hidden { get; init; } = 0.4;

    /// <summary>Entries of the codebook.</summary>
    [Range(2, int.MaxValue)]
    public int Codes { get; init; } = 32;

    /// <summary>Width of projections and entries.</summary>
    [Range(1, int.MaxValue)]
    public int CodeWidth { get; init; } = 16;

    /// <exception cref="UserError">No patches, or no vector for hidden ones.</exception>
    internal override MaskedCodesTarget Build(TargetPlace place) => TargetPlace.Require(place.Patches, "masked_codes", "patches") is { MaskVector: true } patches
        ? new(this, place.Width, patches)
        : throw new UserError("masked_codes hides patches behind a vector", "embedding", "build its patches with mask_vector: true");
}

/// <inheritdoc cref="MaskedCodesTargetConfig"/>
public sealed class MaskedCodesTarget : Target, IOwnStart
{
    private readonly MaskedCodesTargetConfig _config;
    private readonly PatchPartConfig _patches;

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    [ComponentName(Name = "code_projection")]
    private readonly Tensor _projection;

    [ComponentName(Name = "codebook")]
    private readonly Tensor _codebook;

    internal MaskedCodesTarget(MaskedCodesTargetConfig config, int width, PatchPartConfig patches) : base(nameof(MaskedCodesTarget), config)
    {
        (_config, _patches) = (config, patches);
        _head = Projections.Linear(width, config.Codes, bias: true);
        _projection = zeros(patches.Pixels(), config.CodeWidth).DetachFromDisposeScope();
        _codebook = zeros(config.Codes, config.CodeWidth).DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <summary>Share of patches that are hidden.</summary>
    public double Hidden => _config.Hidden;

    public void Start(Seed seed)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        using var projection = seed.For("projection").Generator();
        using var codebook = seed.For("codebook").Generator();
        _projection.normal_(0, 1 / Math.Sqrt(_projection.shape[0]), projection);
        _codebook.copy_(Unit(randn(_codebook.shape, generator: codebook)));
    }

    /// <summary>The code of every patch: <c>[B, N]</c> int64.</summary>
    /// <param name="images"><c>[B, C, H, W]</c></param>
    public Tensor Truth(Tensor images)
    {
        using var scope = NewDisposeScope();
        var pixels = Patches.Of(images, _patches.PatchSize).to(_codebook.dtype);
        // centred, or all patches of grey images would lie on one side of the codebook; of unit vectors the nearest is the most alike
        pixels = pixels.sub(pixels.mean([-1], keepdim: true));
        return Unit(pixels.matmul(_projection)).matmul(_codebook.t()).argmax(-1).MoveToOuterDisposeScope();
    }

    /// <param name="patches"><c>[…, D]</c></param>
    /// <returns><c>[…, K]</c> logits of codes.</returns>
    public Tensor Logits(Tensor patches) => _head.call(patches);

    private static Tensor Unit(Tensor x) => x.div(x.square().sum(-1, keepdim: true).sqrt().add(KeptScalar.Of(1e-6)));
}
