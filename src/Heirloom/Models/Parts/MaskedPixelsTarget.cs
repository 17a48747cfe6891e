using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>
/// Pixels of hidden patches: the encoder reads the visible ones only, and a small decoder reads them with a mask vector in every other place (He et al. 2022, MAE, §3).
/// </summary>
[Kind("masked_pixels")]
public sealed record MaskedPixelsTargetConfig : TargetConfig, IExample<MaskedPixelsTargetConfig>
{
    public static MaskedPixelsTargetConfig Example => new() { Layers = 1, Block = TransformerBlockConfig.Example, Hidden = 0.5 };

    /// <summary>Share of patches that are hidden, drawn evenly.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Hidden { get; init; } = 0.75;

    /// <summary>Blocks of the decoder.</summary>
    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each block's form; its width is the decoder's.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>Where a patch stands, for the decoder.</summary>
    public PositionsConfig Positions { get; init; } = new LearnedPositionsConfig();

    /// <summary>Whether each patch's pixels are predicted as multiples of its own deviation from its own mean (§3, "reconstruction target").</summary>
    public bool Normalized { get; init; } = true;

    internal override MaskedPixelsTarget Build(TargetPlace place) => new(this, place.Width, TargetPlace.Require(place.Patches, "masked_pixels", "patches"));
}

/// <inheritdoc cref="MaskedPixelsTargetConfig"/>
public sealed class MaskedPixelsTarget : Target
{
    private readonly MaskedPixelsTargetConfig _config;
    private readonly PatchPartConfig _patches;

    [ComponentName(Name = "projection")]
    private readonly Linear _projection;

    [ComponentName(Name = "mask_vector")]
    private readonly Parameter _maskVector;

    [ComponentName(Name = "positions")]
    private readonly Positions _positions;

    [ComponentName(Name = "decoder")]
    private readonly TransformerPart _decoder;

    [ComponentName(Name = "pixels")]
    private readonly Linear _pixels;

    internal MaskedPixelsTarget(MaskedPixelsTargetConfig config, int width, PatchPartConfig patches) : base(nameof(MaskedPixelsTarget), config)
    {
        (_config, _patches) = (config, patches);
        var own = config.Block.Width;
        _projection = Projections.Linear(width, own, bias: true);
        _maskVector = ModuleWeight.Of(zeros(own));
        _positions = config.Positions.Build(new(own, Heads: 1, own, patches.Places!.Value, Causal: false));
        _decoder = new TransformerPartConfig { Layers = config.Layers, Block = config.Block }.Build(own);
        _pixels = Projections.Linear(own, patches.Pixels(), bias: true);
        RegisterComponents();
    }

    /// <summary>Share of patches that are hidden.</summary>
    public double Hidden => _config.Hidden;

    /// <summary>What is to be predicted of every patch: <c>[B, N, C · P · P]</c>.</summary>
    /// <param name="images"><c>[B, C, H, W]</c></param>
    public Tensor Truth(Tensor images)
    {
        using var scope = NewDisposeScope();
        var pixels = Patches.Of(images, _patches.PatchSize);
        if (_config.Normalized)
        {
            var mean = pixels.mean([-1], keepdim: true);
            pixels = pixels.sub(mean).div(pixels.var(-1, unbiased: true, keepdim: true).add(KeptScalar.Of(1e-6)).sqrt());
        }

        return pixels.MoveToOuterDisposeScope();
    }

    /// <summary>Pixels of all patches.</summary>
    /// <param name="hidden"><c>[B, K, D]</c>, or one more for a class token before them: of the visible patches.</param>
    /// <param name="visible"><c>[B, K]</c> int64, ascending: which they are.</param>
    /// <returns><c>[B, N, C · P · P]</c></returns>
    public Tensor Pixels(Tensor hidden, Tensor visible)
    {
        using var scope = NewDisposeScope();
        var x = _projection.call(hidden);
        var first = x.shape[1] - visible.shape[1];
        var all = _maskVector.to(x.dtype).expand(x.shape[0], _patches.Count(), -1)
            .scatter(1, visible.unsqueeze(2).expand(-1, -1, x.shape[2]), x.narrow(1, first, visible.shape[1]));
        all = first > 0 ? cat([x.narrow(1, 0, first), all], 1) : all;
        all = _decoder.Encode(new(_positions.Embed(all, 0, null)));
        return _pixels.call(all.narrow(1, first, _patches.Count())).MoveToOuterDisposeScope();
    }
}
