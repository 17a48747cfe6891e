using System.ComponentModel.DataAnnotations;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// Net2WiderNet and Net2DeeperNet: neurons and heads copied by random mappings, with a little noise on the copies that tells them from their sources; new layers, each above
/// the one that it is a copy of, whose branches add nothing at first.
/// </summary>
/// <remarks>Chen, Goodfellow and Shlens 2016, sections 2.2 and 2.3. An identity layer of a residual network is one whose branches end in zero.</remarks>
[Kind("net2net")]
public sealed record Net2NetGrowthConfig : GrowthConfig
{
    /// <summary>Standard deviation of the noise on copied outputs of projections, as a share of the weight's root mean square; 0 for none.</summary>
    [Range(0.0, 1.0)]
    public double Noise { get; init; } = 0.01;

    public override string? Changes(ModelAxes small, ModelSize large) =>
        Uneven(small, large) ?? (Noise > 0 && !large.IsAsWideAs(small.Size with { Vocabulary = large.Vocabulary }) ? $"noise of {Noise:P1} on copies tells them apart" : null);

    /// <exception cref="UserError">More layers in post-norm blocks, whose norms act on what an identity layer passes on.</exception>
    protected override IModel Expand(Grower small, ModelSize large, Seed seed)
    {
        var from = small.Axes.Size;
        IdentityLayers.Require(small.Axes, large);
        var maps = AxisMaps.Random(from, large, seed.For("maps"));
        var layers = LayerOrder.Interpolate(from.Layers, large.Layers);
        return small.Fill(large, layers, maps, (own, source, _) =>
        {
            var value = maps.Widen(small[source.Name], source);
            return IdentityLayers.Silences(own, layers, small.Axes.Block) ? zeros_like(value) : Noisy(value, own, maps, seed.For(own.Name));
        }, new(0));
    }

    private Tensor Noisy(Tensor value, WeightAxes own, AxisMaps maps, Seed seed)
    {
        if (Noise == 0 || own.Role != WeightRole.Projection || maps.CopiedOutputs(own) is not { } copied)
        {
            return value;
        }

        using var generator = seed.Generator();
        var size = Noise * Math.Sqrt(value.square().mean().item<float>());
        return value.add(randn(value.shape, generator: generator).mul(size).mul(copied));
    }
}
