using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>A penalty on scores that grows with distance, with its own slope in each head (Press, Smith and Lewis 2022, ALiBi).</summary>
[Kind("alibi")]
public sealed record AlibiPositionsConfig : PositionsConfig
{
    /// <summary>Whether the penalty is divided by √head width, as the scores are (Falcon).</summary>
    public bool Scaled { get; init; }

    /// <summary>
    /// Whether slopes, and their products with a key's position, are rounded to bfloat16 (as Falcon was trained and published). The penalty then counts from the
    /// first position, which is the same to softmax but for rounding, and only causal attention may see it.
    /// </summary>
    public bool Rounded { get; init; }

    /// <exception cref="UserError">Rounded penalties where later positions are seen.</exception>
    public override AlibiPositions Build(PositionsShape shape) => !Rounded || shape.Causal
        ? new(shape.Heads, Scaled ? 1 / Math.Sqrt(shape.HeadWidth) : 1, Rounded)
        : throw new UserError("rounded penalties count from the first position, which only causal attention may", "positions.rounded");
}

public sealed class AlibiPositions : Positions
{
    private readonly int _heads;
    private readonly double _factor;
    private readonly bool _rounded;

    /// <param name="heads">Query heads.</param>
    /// <param name="factor">On every penalty.</param>
    /// <param name="rounded">See <see cref="AlibiPositionsConfig.Rounded"/>.</param>
    public AlibiPositions(int heads, double factor = 1, bool rounded = false) : base(nameof(AlibiPositions))
    {
        (_heads, _factor, _rounded) = (heads, factor, rounded);
        RegisterComponents();
    }

    /// <summary><c>2^(−8/n), 2^(−16/n), …</c> for n a power of two; otherwise those of the power of two below, then every other one of twice as many heads.</summary>
    public static double[] Slopes(int heads)
    {
        var power = 1 << (int)Math.Log2(heads);
        return
        [
            .. Enumerable.Range(1, power).Select(i => Math.Pow(2, -8.0 * i / power)),
            .. Enumerable.Range(0, heads - power).Select(i => Math.Pow(2, -4.0 * ((2 * i) + 1) / power)),
        ];
    }

    public override Tensor Bias(long queries, long keys, Device device)
    {
        using var scope = NewDisposeScope();
        var slopes = tensor(Slopes(_heads), dtype: ScalarType.Float32, device: device).view(1, -1, 1, 1);
        if (_rounded)
        {
            var key = arange(keys, dtype: ScalarType.Float32, device: device).to(ScalarType.BFloat16);
            return slopes.to(ScalarType.BFloat16).mul(key).to(ScalarType.Float32).mul(KeptScalar.Of(_factor)).MoveToOuterDisposeScope();
        }

        var query = arange(keys - queries, keys, dtype: ScalarType.Float32, device: device).unsqueeze(1);
        var distance = query.sub(arange(keys, dtype: ScalarType.Float32, device: device)).abs();
        return distance.mul(slopes).mul(KeptScalar.Of(-_factor)).MoveToOuterDisposeScope();
    }
}
