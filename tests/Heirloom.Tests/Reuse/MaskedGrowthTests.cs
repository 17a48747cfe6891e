using CsCheck;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Reuse.Growing;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

public sealed class MaskedGrowthTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Names => [.. Growable.Configs.Keys];

    public void Dispose() => _scope.Dispose();

    /// <summary>In every dimension at once and to no multiples, layer norms included.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void AtZeroItIsTheSmallModelAndAtOneAModelLikeAnyOther(string name)
    {
        var small = Growable.Lively(Growable.Configs[name]);
        var large = Larger(small);
        using var growth = new MaskedGrowth<IModel>(small, large, new(3));
        Preserved(small, growth.Model);

        growth.Mask = 0.5;
        Assert.False(OutputChange.OnRandom(small, growth.Model, new(5)).IsPreserved);

        growth.Mask = 1;
        var whole = growth.Model.Copy(); // copies have no hooks
        Assert.True(OutputChange.OnRandom(growth.Model, whole, new(5)).IsPreserved);
        growth.Dispose();
        Assert.Equal(0, OutputChange.OnRandom(growth.Model, whole, new(5)).Largest);
        Assert.Equal(large, ModelSize.Of(growth.Model.Config));
    }

    [Fact]
    public void MasksLetNewWeightsLearnAndOldOnesToo()
    {
        var small = (Decoder)Growable.Lively(Growable.Configs["gpt2 untied"]);
        using var growth = new MaskedGrowth<Decoder>(small, Larger(small), new(3)) { Mask = 0.1 };

        growth.Model.Head(growth.Model.Encode(new(arange(16).remainder(19).view(2, 8)))).square().sum().backward();

        Assert.All(growth.Model.named_parameters(), p => Assert.True(p.parameter.grad is { } grad && grad.abs().sum().item<float>() > 0, p.name));
    }

    [Fact]
    public void TheScheduleRaisesMasksInEqualParts()
    {
        var small = (Decoder)Growable.Lively(Growable.Configs["gpt2 tied"]);
        using var growth = new MaskedGrowth<Decoder>(small, Larger(small), new(3));
        var schedule = new MaskSchedule<Decoder>(growth, 4);
        var seen = new List<double>();
        for (var step = 1; step <= 6; step++)
        {
            seen.Add(growth.Mask);
            schedule.After(new() { Step = step, Config = new() { Steps = 6 }, Model = growth.Model, Loss = 1 });
        }

        Assert.Equal([0.25, 0.5, 0.75, 1, 1, 1], seen);
    }

    /// <summary>Root mean square norms: any size at once, as a plain model.</summary>
    [Theory]
    [InlineData("llama grouped tied", true)]
    [InlineData("llama grouped untied", true)]
    [InlineData("norms after branches", true)]
    [InlineData("post-norm, embedding norm, relative", false)]
    public void MasksFoldIntoWeightsWhereNormsHaveNoMean(string name, bool deeper)
    {
        var small = Growable.Lively(Growable.Configs[name]);
        var large = Larger(small);
        large = deeper ? large : large with { Layers = ModelSize.Of(small.Config).Layers };
        var method = new MaskedStructuralGrowthConfig();

        var grown = method.Grow(small, large, new(3));

        Assert.Null(method.Changes(new(small), large));
        Preserved(small, grown);
        Assert.Equal(1e-5 * ModelSize.Of(small.Config).Width / large.Width, ((DecoderConfig)grown.Config).Block.Norm.Epsilon, 12);
        var decoder = (Decoder)grown;
        decoder.Head(decoder.Encode(new(arange(16).remainder(19).view(2, 8)))).square().sum().backward();
        foreach (var part in new[] { "layers.0.attention.output.weight", "layers.0.feed_forward.down.weight" })
        {
            Assert.True(grown.Module.get_parameter(part)!.grad!.abs().min().item<float>() > 0, part); // zeros that learn, each its own
        }
    }

    [Theory]
    [InlineData("gpt2 tied")]
    [InlineData("norms of all heads, parallel")]
    [InlineData("vit")]
    public void HeadsNeuronsAndLayersFoldWhateverTheNorms(string name)
    {
        var small = Growable.Lively(Growable.Configs[name]);
        var old = ModelSize.Of(small.Config);
        var heads = name.StartsWith("norms", StringComparison.Ordinal) ? 0 : 1; // a norm over heads would grow
        var large = old with { Layers = 5, Heads = old.Heads + heads, KeyHeads = old.KeyHeads + heads, FeedForward = old.FeedForward + 7 };

        Preserved(small, new MaskedStructuralGrowthConfig().Grow(small, large, new(3)));
    }

    [Fact]
    public void SizesAreAnySizes() => Gen.Select(Gen.Int[0, 9], Gen.Int[0, 3], Gen.Int[0, 9], Gen.Int[0, 2], Gen.ULong).Sample((width, groups, hidden, layers, seed) =>
    {
        using var inner = NewDisposeScope();
        var small = Growable.Lively(Growable.Configs["llama grouped tied"]);
        var old = ModelSize.Of(small.Config);
        var large = old with { Width = old.Width + width, KeyHeads = old.KeyHeads + groups, Heads = (old.KeyHeads + groups) * 2, FeedForward = old.FeedForward + hidden, Layers = old.Layers + layers };
        Preserved(small, new MaskedStructuralGrowthConfig().Grow(small, large, new(seed)));
    }, iter: 12);

    [Fact]
    public void WiderLayerNormsAreRefused()
    {
        var small = Growable.Lively(Growable.Configs["gpt2 tied"]);
        Assert.Contains("MaskedGrowth", Assert.Throws<UserError>(() => new MaskedStructuralGrowthConfig().Grow(small, Larger(small), new(3))).Message, StringComparison.Ordinal);
    }

    private static ModelSize Larger(IModel small)
    {
        var old = ModelSize.Of(small.Config);
        var deeper = small.Config is EncoderConfig { Sharing: not null } ? 0 : 3;
        return old with
        {
            Width = old.Width + 5,
            Layers = old.Layers + deeper,
            KeyHeads = old.KeyHeads + 1,
            Heads = (old.KeyHeads + 1) * (old.Heads / old.KeyHeads),
            FeedForward = old.FeedForward + 7,
        };
    }

    private static void Preserved(IModel small, IModel grown)
    {
        var change = OutputChange.OnRandom(small, grown, new(5));
        Assert.True(change.Scale > 0.1, "outputs near zero would be equal in any case");
        Assert.True(change.IsPreserved, $"{change}");
    }
}
