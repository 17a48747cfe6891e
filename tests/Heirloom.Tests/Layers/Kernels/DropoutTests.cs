using Heirloom.Layers;
using Heirloom.Layers.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Layers.Kernels;

public sealed class DropoutTests
{
    public DropoutTests() => Assert.SkipUnless(Lanes.IsSupported, "the processor has no AVX-512");

    /// <summary>The authors' known answer for seven rounds with counter and key of zeros (Random123, kat_vectors).</summary>
    [Fact]
    public void TheGeneratorIsPhilox()
    {
        new Philox(0, 0).Next(0, out var a, out var b, out var c, out var d);

        Assert.Equal((0x5f6fb709u, 0x0d893f64u, 0x4f121f81u, 0x4f730a48u), (a[0], b[0], c[0], d[0]));
    }

    [Theory]
    [InlineData(ScalarType.Float32, 0.1)]
    [InlineData(ScalarType.BFloat16, 0.5)]
    public void ADropIsAnExactShareAndItsGradientHasTheSameMask(ScalarType type, double rate)
    {
        using var scope = NewDisposeScope();
        using var firstOrder = new FirstOrder(new(3));
        var x = ones([300, 333], type).requires_grad_();
        var y = Dropping.Apply(x, rate, training: true);
        y.sum().backward();

        Assert.True(Same(y, x.grad!));
        var kept = y.ne(0).to(ScalarType.Float64).mean().item<double>();
        Assert.InRange(kept, 1 - rate - 0.006, 1 - rate + 0.006);
        Assert.Equal(1 / (1 - rate), y.max().to(ScalarType.Float64).item<double>(), type == ScalarType.Float32 ? 2e-5 : 4e-3);
        // neighbors, and the same place of the next use, are independent
        var drops = y.eq(0).to(ScalarType.Float64).flatten();
        var other = Dropping.Apply(x, rate, training: true).eq(0).to(ScalarType.Float64).flatten();
        Assert.InRange(Correlation(drops.narrow(0, 1, drops.numel() - 1), drops.narrow(0, 0, drops.numel() - 1)), -0.012, 0.012);
        Assert.InRange(Correlation(drops.narrow(0, 16, drops.numel() - 16), drops.narrow(0, 0, drops.numel() - 16)), -0.012, 0.012);
        Assert.InRange(Correlation(drops, other), -0.012, 0.012);
    }

    [Fact]
    public void TheMaskDependsOnTheSeedAloneWhateverTheThreads()
    {
        using var scope = NewDisposeScope();
        var threads = get_num_threads();
        Tensor Draw(ulong seed)
        {
            using var firstOrder = new FirstOrder(new(seed));
            return Dropping.Apply(ones(200, 500), 0.3, training: true);
        }

        try
        {
            var one = Draw(1);
            set_num_threads(2);
            Assert.True(Same(one, Draw(1)));
            Assert.False(Same(one, Draw(2)));
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static bool Same(Tensor a, Tensor b) => a.eq(b).all().item<bool>();

    private static double Correlation(Tensor a, Tensor b) => (((a - a.mean()) * (b - b.mean())).mean() / (a.std() * b.std())).item<double>();
}
