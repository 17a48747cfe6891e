using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>A penalty on scores that grows with distance, with its own slope in each head (Press, Smith and Lewis 2022, ALiBi).</summary>
[Kind("alibi")]
public sealed record AlibiPositionsConfig : PositionsConfig
{
    public override AlibiPositions Build(PositionsShape shape) => new(shape.Heads);
}

public sealed class AlibiPositions : Positions
{
    private readonly int _heads;

    public AlibiPositions(int heads) : base(nameof(AlibiPositions))
    {
        _heads = heads;
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
        var query = arange(keys - queries, keys, dtype: ScalarType.Float32, device: device).unsqueeze(1);
        var distance = query.sub(arange(keys, dtype: ScalarType.Float32, device: device)).abs();
        return distance.mul(slopes).neg_().MoveToOuterDisposeScope();
    }
}
