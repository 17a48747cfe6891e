using Heirloom.Data;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Reuse.Growing;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

public sealed class ElasticDepthTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void SubModelsAreTheLowestLayersAndTrainTheirTopOnes()
    {
        var sampler = SubModels.Bottom(7, 3);
        var random = new Seed(1).Random();
        var drawn = Enumerable.Range(0, 300).Select(_ => sampler(random)).ToList();

        Assert.All(drawn, d => Assert.Equal(Enumerable.Range(0, d.Depth), d.Order));
        var counts = drawn.CountBy(d => (d.Depth, d.Trained)).ToDictionary();
        Assert.Equal([(3, 3), (6, 3), (7, 1)], counts.Keys.Order());
        Assert.All(counts.Values, c => Assert.InRange(c, 70, 130)); // one third of 300 each
    }

    /// <summary>By the formula of the published code, worked out by hand for three layers of twelve.</summary>
    [Theory]
    [InlineData(0.0, 12)]
    [InlineData(0.02, 11)]
    [InlineData(0.1, 8)]
    [InlineData(0.3, 4)]
    [InlineData(0.5, 3)]
    [InlineData(0.999, 3)]
    public void DepthsAreThoseOfTheHyperbola(double uniform, int depth)
    {
        // y = m / (x + n) through (10⁻⁶, 4.4) and (1, 0.6)
        var n = ((4.4 * 1e-6) - 0.6) / (0.6 - 4.4);
        var y = Math.Clamp(0.6 * (n + 1) / (1e-6 + ((1 - 1e-6) * uniform) + n), 1, 4);
        Assert.Equal(depth, (int)(3 * y));
        Assert.Equal(depth, ApolloDepths.Depth(3, 12, uniform));
    }

    [Fact]
    public void SmallDepthsAreDrawnMostAndNoneIsOutside()
    {
        var sampler = ApolloDepths.Sampler(3, 12);
        var random = new Seed(1).Random();
        var drawn = Enumerable.Range(0, 4000).Select(_ => sampler(random)).ToList();

        Assert.All(drawn, d => Assert.Equal(LayerOrder.Interpolate(3, d.Depth), d.Order));
        Assert.All(drawn, d => Assert.Equal(d.Depth, d.Trained));
        var shares = Enumerable.Range(3, 10).Select(depth => drawn.Count(d => d.Depth == depth) / 4000.0).ToList();
        Assert.True(shares[0] > 0.5, "more than half at the least depth");
        Assert.All(shares.Zip(shares.Skip(1)).Take(7), pair => Assert.True(pair.First >= pair.Second - 0.02, string.Join(' ', shares)));
        Assert.InRange(shares[^1], 0.001, 0.05);
    }

    [Fact]
    public void OnlyWhatIsDrawnIsTrainedAndTheModelIsWholeAgain()
    {
        var model = (Decoder)Growable.Lively(DecoderConfig.Llama(19, 8, 16, 4, 2, tied: false));
        var ids = arange(16).remainder(19).view(2, 8);
        var elastic = new ElasticDepth<Decoder, TokenBatch>(CausalLM.Objective(), _ => new([0, 1, 2], 1));

        elastic.Objective(model, new(ids), new(1)).Total.backward();

        var trained = model.named_parameters().Where(p => p.parameter.grad is not null).Select(p => p.name.Split('.') is ["layers", var layer, ..] ? layer : p.name).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(["2", "head.weight", "norm.weight"], trained);
        Assert.Equal([0, 1, 2, 3], model.Order);
        Assert.Equal((3, 1), (elastic.Last!.Depth, elastic.Last.Trained));
    }

    [Fact]
    public void LayersThatRunTwiceAreThoseOfAnInterpolatedModel()
    {
        var small = (Decoder)Growable.Lively(DecoderConfig.Llama(19, 8, 16, 2, 2));
        var grown = (Decoder)new InterpolateGrowthConfig().Grow(small, ModelSize.Of(small.Config) with { Layers = 5 }, new(1));
        var ids = arange(16).remainder(19).view(2, 8);
        using var quiet = no_grad();

        small.Order = LayerOrder.Interpolate(2, 5);

        Assert.Equal(0, small.Encode(new(ids)).sub(grown.Encode(new(ids))).abs().max().item<float>());
    }
}
