using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Rotates pairs of a query's and a key's coordinates by angles proportional to their positions (Su et al. 2021, RoFormer).</summary>
[Kind("rotary")]
public sealed record RotaryPositionsConfig : PositionsConfig
{
    /// <summary>θ: pair <c>i</c> of a rotated width R turns by <c>θ^(−2i/R)</c> a position.</summary>
    [Range(1.0, 1e12)]
    public double Base { get; init; } = 10000;

    /// <summary>Rotated share of a head's coordinates; the rest stays.</summary>
    [Range(0.01, 1.0)]
    public double Fraction { get; init; } = 1;

    /// <summary>How it reaches beyond the length of pretraining; null where it does not.</summary>
    public RotaryScalingConfig? Scaling { get; init; }

    /// <exception cref="UserError">An odd number of coordinates would be rotated, or the scaling cannot be computed.</exception>
    public override RotaryPositions Build(PositionsShape shape)
    {
        // cut off, as published implementations do
        var rotated = (int)(shape.HeadWidth * Fraction);
        return rotated > 0 && rotated % 2 == 0
            ? new RotaryPositions(rotated, Base, Scaling)
            : throw new UserError($"rotary positions turn pairs, but {rotated} of a head's {shape.HeadWidth} coordinates is not an even number", "positions");
    }
}

public sealed class RotaryPositions : Positions
{
    private readonly int _width;
    private readonly double _base;
    private readonly RotaryScalingConfig? _scaling;
    private readonly float[] _frequencies;

    /// <param name="width">Rotated coordinates of a head, even.</param>
    /// <param name="theta">The base.</param>
    /// <param name="scaling">See <see cref="RotaryPositionsConfig.Scaling"/>.</param>
    public RotaryPositions(int width, double theta, RotaryScalingConfig? scaling = null) : base(nameof(RotaryPositions))
    {
        (_width, _base, _scaling) = (width, theta, scaling);
        _frequencies = Frequencies(0);
        RegisterComponents();
    }

    /// <remarks>
    /// Scores depend on differences of positions alone, so neither packed segments nor padding need positions of their own.
    /// Angles are computed in float32 at each forward, not kept as a buffer that a change of the model's precision would round.
    /// </remarks>
    public override Rotation Rotate(long start, long length, Tensor like)
    {
        using var scope = NewDisposeScope();
        start += Shift;
        var frequencies = tensor(_scaling is { DependsOnLength: true } ? Frequencies(start + length) : _frequencies, dtype: ScalarType.Float32, device: like.device);
        var angles = arange(start, start + length, dtype: ScalarType.Float32, device: like.device).unsqueeze(1).mul(frequencies).unsqueeze(1);
        var (cos, sin) = (angles.cos(), angles.sin());
        if (_scaling is { Magnitude: not 1 } scaling)
        {
            var magnitude = KeptScalar.Of(scaling.Magnitude);
            (cos, sin) = (cos.mul(magnitude), sin.mul(magnitude));
        }

        return new Rotation(cos.to(like.dtype).MoveToOuterDisposeScope(), sin.to(like.dtype).MoveToOuterDisposeScope());
    }

    private float[] Frequencies(long length) =>
        [.. (_scaling?.Frequencies(_width, _base, length) ?? RotaryScalingConfig.Plain(_width, _base)).Select(f => (float)f)];
}

/// <summary>Cosines and sines of one forward's angles, made once and shared by its layers.</summary>
/// <param name="Cos"><c>[T, 1, R/2]</c></param>
/// <param name="Sin"><c>[T, 1, R/2]</c></param>
public sealed record Rotation(Tensor Cos, Tensor Sin)
{
    /// <summary>Rotates coordinate <c>i</c> with <c>i + R/2</c> (the half layout of Llama's hub files) and leaves coordinates beyond R.</summary>
    /// <param name="x"><c>[B, T, H, K]</c></param>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        var half = Cos.shape[^1];
        var rest = x.shape[^1] - (2 * half);
        var (cos, sin) = (Cos.to(x.dtype), Sin.to(x.dtype));
        // split and not slices: its gradient is one concatenation, theirs fills and adds whole tensors
        var parts = x.split(rest == 0 ? [half, half] : [half, half, rest], -1);
        var (a, b) = (parts[0], parts[1]);
        var (first, second) = (a.mul(cos).addcmul(b, sin, KeptScalar.MinusOne), b.mul(cos).addcmul(a, sin, KeptScalar.One));
        return cat([first, second, .. parts[2..]], -1).MoveToOuterDisposeScope();
    }
}
