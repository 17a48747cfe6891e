using Heirloom.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Layers;

public class ConvolutionTests
{
    /// <summary>The library's own convolution gives other numbers, up to NaN, for some of these.</summary>
    [Theory]
    [InlineData(1, 8)]
    [InlineData(8, 8)]
    [InlineData(16, 8)]
    [InlineData(17, 48)]
    [InlineData(24, 20)]
    [InlineData(24, 48)]
    [InlineData(40, 24)]
    [InlineData(100, 30)]
    [InlineData(48, 32)]
    [InlineData(32, 64)]
    [InlineData(256, 128)]
    public void ValuesAndGradientsAreThoseOfDoublePrecision(long channels, long outputs)
    {
        using var scope = NewDisposeScope();
        using var generator = new Seed(1).Generator();
        var (x, weight, bias) = (rand(3, channels, 21, generator: generator), rand(outputs, channels, 3, generator: generator), rand(outputs, generator: generator));

        (Tensor Value, Tensor[] Gradients) Run(ScalarType type)
        {
            var leaves = new[] { x, weight, bias }.Select(t => t.to(type).detach().clone().requires_grad_()).ToArray();
            var value = Convolutions.Convolve(leaves[0], leaves[1], leaves[2], stride: 2, padding: 1);
            value.square().mean().backward();
            return (value.to(float64), [.. leaves.Select(leaf => leaf.grad!.to(float64))]);
        }

        var (single, twice) = (Run(float32), Run(float64));
        Assert.True(single.Value.allclose(twice.Value, 1e-4, 1e-4));
        Assert.All(single.Gradients.Zip(twice.Gradients), pair => Assert.InRange(pair.First.sub(pair.Second).abs().max().item<double>(), 0, 1e-4 * pair.Second.abs().max().item<double>()));
        Assert.True(Convolutions.Convolve(x.to(bfloat16), weight.to(bfloat16), null).isfinite().all().item<bool>());
    }
}
