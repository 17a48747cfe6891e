using Heirloom.Training.Precision;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

public class PrecisionTests
{
    [Fact]
    public void AutocastMultipliesInBFloat16WithinItsScopeOnly()
    {
        Assert.SkipUnless(Autocast.IsSupported, "this libtorch exports no autocast");
        using var scope = NewDisposeScope();
        var x = ones(4, 4);
        using (new Autocast(CPU))
        {
            Assert.Equal(ScalarType.BFloat16, x.matmul(x).dtype);
            using (new Autocast(CPU))
            {
                Assert.Equal(ScalarType.BFloat16, x.matmul(x).dtype);
            }

            Assert.Equal(ScalarType.BFloat16, x.matmul(x).dtype);
            Assert.Equal(ScalarType.Float32, x.add(x).dtype);
        }

        Assert.Equal(ScalarType.Float32, x.matmul(x).dtype);
    }

    [Fact]
    public void WeightsAreCastAnewInEachScope()
    {
        Assert.SkipUnless(Autocast.IsSupported, "this libtorch exports no autocast");
        using var scope = NewDisposeScope();
        var weight = ones(4, 4).requires_grad_();
        float Product()
        {
            using var autocast = new Autocast(CPU);
            return weight.matmul(ones(4, 4)).to(float32)[0, 0].item<float>();
        }

        Assert.Equal(4, Product());
        using (no_grad())
        {
            weight.mul_(2);
        }

        Assert.Equal(8, Product());
    }

    [Fact]
    public void GradientsOfFloatWeightsAreFloats()
    {
        Assert.SkipUnless(Autocast.IsSupported, "this libtorch exports no autocast");
        using var scope = NewDisposeScope();
        var weight = ones(4, 4).requires_grad_();
        Tensor loss;
        using (new Autocast(CPU))
        {
            loss = weight.matmul(ones(4, 4)).to(float32).sum();
        }

        loss.backward();
        Assert.Equal(ScalarType.Float32, weight.grad!.dtype);
    }

    [Fact]
    public void ModesAreWhatTheySay()
    {
        Assert.False(PrecisionMode.Float32.UsesBFloat16(CPU, 1 << 30));
        Assert.Equal(Autocast.IsSupported && PrecisionModes.HasBFloat16Instructions, PrecisionMode.Auto.UsesBFloat16(CPU, PrecisionModes.WorthCasting));
        Assert.False(PrecisionMode.Auto.UsesBFloat16(CPU, PrecisionModes.WorthCasting - 1));
        if (File.Exists("/proc/cpuinfo"))
        {
            Assert.Equal(File.ReadAllText("/proc/cpuinfo").Contains("avx512_bf16"), PrecisionModes.HasBFloat16Instructions);
        }
    }

    [Fact]
    public void AllocatorTakesItsTuning() => Assert.Equal(OperatingSystem.IsLinux(), AllocatorTuning.Apply());
}
