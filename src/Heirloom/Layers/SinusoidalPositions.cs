using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Sines and cosines of the position, of wavelengths from 2π to 20000π (Vaswani et al. 2017, §3.5): nothing is learned, and there is no last position.</summary>
[Kind("sinusoidal")]
public sealed record SinusoidalPositionsConfig : PositionsConfig
{
    /// <exception cref="UserError">An odd width.</exception>
    public override SinusoidalPositions Build(PositionsShape shape) => shape.Width % 2 == 0
        ? new(shape.Width)
        : throw new UserError($"sines and cosines make pairs, and a width of {shape.Width} is odd", "positions", "choose an even width");
}

public sealed class SinusoidalPositions : Positions
{
    private readonly float[] _frequencies;

    /// <param name="width">Width of the embedding, even.</param>
    public SinusoidalPositions(int width) : base(nameof(SinusoidalPositions))
    {
        _frequencies = [.. Enumerable.Range(0, width / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / width))];
        RegisterComponents();
    }

    public override bool Absolute => true;

    public override Tensor Embed(Tensor hidden, long start, Tensor? positions)
    {
        using var scope = NewDisposeScope();
        // angles in float32 whatever the model's type, which would round large ones
        var at = (positions ?? arange(start, start + hidden.shape[1], device: hidden.device)).to(ScalarType.Float32).add(Shift);
        var angles = at.unsqueeze(-1).mul(tensor(_frequencies, device: hidden.device));
        // coordinates 2i and 2i + 1 are the sine and the cosine of pair i
        var added = stack([angles.sin(), angles.cos()], -1).flatten(-2).to(hidden.dtype);
        return hidden.add(added, KeptScalar.One).MoveToOuterDisposeScope();
    }
}
