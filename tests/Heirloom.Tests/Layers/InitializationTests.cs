using Heirloom.Layers;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Tests.Layers;

public class InitializationTests
{
    private static readonly DecoderConfig _config = DecoderConfig.Llama(200, 8, width: 64, layers: 8, heads: 4, feedForward: 128, tied: false);

    [Fact]
    public void ResidualProjectionsAreScaledByTheirNumber()
    {
        using var model = _config.Build(new Seed(1));
        AssertStd(model, "embedding.weight", 0.02);
        AssertStd(model, "head.weight", 0.02);
        AssertStd(model, "layers.3.attention.query.weight", 0.02);
        AssertStd(model, "layers.3.attention.output.weight", 0.02 / 4);
        AssertStd(model, "layers.3.feed_forward.down.weight", 0.02 / 4);
        AssertStd(model, "norm.weight", 0, mean: 1);
    }

    [Fact]
    public void TruncatedWeightsStayWithinTwoDeviations()
    {
        using var model = (_config with { Initialization = new NormalInitializationConfig { Truncated = true, ScaleResidual = false } }).Build(new Seed(1));
        foreach (var (_, parameter) in model.named_parameters().Where(p => p.parameter.dim() > 1))
        {
            using var scope = NewDisposeScope();
            Assert.InRange(parameter.abs().max().item<float>(), 0.039f, 0.04f);
        }

        AssertStd(model, "embedding.weight", 0.02 * 0.8796); // what truncation leaves of it
    }

    [Fact]
    public void FanInIsThatOfT5()
    {
        using var model = (_config with
        {
            Positions = new RelativePositionsConfig { Buckets = 100 },
            Initialization = new FanInInitializationConfig(),
        }).Build(new Seed(1));
        AssertStd(model, "embedding.weight", 1);
        AssertStd(model, "layers.0.attention.query.weight", Math.Pow(64 * 16, -0.5));
        AssertStd(model, "layers.0.attention.key.weight", Math.Pow(64, -0.5));
        AssertStd(model, "layers.0.attention.output.weight", Math.Pow(64, -0.5));
        AssertStd(model, "layers.0.feed_forward.up.weight", Math.Pow(64, -0.5));
        AssertStd(model, "layers.0.feed_forward.down.weight", Math.Pow(128, -0.5));
    }

    private static void AssertStd(nn.Module model, string name, double expected, double mean = 0)
    {
        using var scope = NewDisposeScope();
        var weight = model.named_parameters().Single(p => p.name == name).parameter;
        Assert.InRange(weight.std().item<float>(), expected * 0.95, expected * 1.05);
        Assert.Equal(mean, weight.mean().item<float>(), expected * 0.1);
    }
}
