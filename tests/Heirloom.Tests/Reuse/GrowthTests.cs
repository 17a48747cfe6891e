using CsCheck;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Reuse.Growing;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

public sealed class GrowthTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Names => [.. Growable.Configs.Keys];

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void ATwiceAsWideModelComputesTheSame(string name)
    {
        var small = Growable.Lively(Growable.Configs[name]);
        var size = new GrowthTarget { Width = 2 * ModelSize.Of(small.Config).Width }.From(ModelSize.Of(small.Config));
        GrowthConfig[] methods = [new FunctionPreservingGrowthConfig(), new HyperCloningGrowthConfig { Variant = CloningVariant.Symmetric }, new Net2NetGrowthConfig { Noise = 0 }];

        foreach (var method in methods)
        {
            var grown = method.Grow(small, size, new(3));

            Assert.Equal(size, ModelSize.Of(grown.Config));
            Assert.Null(method.Changes(new(small), size));
            Preserved(small, grown);
        }
    }

    /// <summary>Everything but normed widths may grow to any size.</summary>
    [Theory]
    [InlineData("gpt2 tied")]
    [InlineData("llama grouped untied")]
    [InlineData("bert")]
    [InlineData("vit")]
    public void HeadsAndFeedForwardsGrowToAnySize(string name)
    {
        var small = Growable.Lively(Growable.Configs[name]);
        var old = ModelSize.Of(small.Config);
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 30], Gen.ULong).Sample((groups, hidden, seed) =>
        {
            using var inner = NewDisposeScope();
            var size = old with { KeyHeads = old.KeyHeads + groups, Heads = (old.KeyHeads + groups) * old.Heads / old.KeyHeads, FeedForward = old.FeedForward + hidden };
            var grown = new FunctionPreservingGrowthConfig().Grow(small, size, new(seed));
            Preserved(small, grown);
            grown.Module.Dispose();
        }, iter: 12);
    }

    [Fact]
    public void AnUnevenWidthIsSaidToChangeTheFunctionAndDoesAlittle()
    {
        var small = Growable.Lively(Growable.Configs["bert"]);
        var size = new GrowthTarget { Width = 16 }.From(ModelSize.Of(small.Config));

        var grown = new FunctionPreservingGrowthConfig().Grow(small, size, new(3));
        var change = OutputChange.OnRandom(small, grown, new(1));

        Assert.Contains("uneven", new FunctionPreservingGrowthConfig().Changes(new(small), size), StringComparison.Ordinal);
        Assert.InRange(change.Largest, 1e-3, change.Scale);
    }

    [Fact]
    public void NewNeuronsAndHeadsComeFromTheLayerAbove()
    {
        var small = Growable.Lively(Growable.Configs["gpt2 untied"]);
        var size = new GrowthTarget { Width = 24 }.From(ModelSize.Of(small.Config));
        var preserving = Weights(new FunctionPreservingGrowthConfig().Grow(small, size, new(3)));

        var advanced = Weights(new AdvancedKnowledgeGrowthConfig().Grow(small, size, new(3)));

        foreach (var (part, old) in new[] { ("feed_forward.up.weight", 48), ("feed_forward.up.bias", 48), ("attention.query.weight", 12), ("attention.output.weight", 12), ("feed_forward.down.bias", 12) })
        {
            var (own, above) = (preserving[$"layers.0.{part}"], preserving[$"layers.1.{part}"]);
            var made = advanced[$"layers.0.{part}"];
            Assert.Equal(0, made.narrow(0, 0, old).sub(own.narrow(0, 0, old)).abs().max().item<float>());
            Assert.Equal(0, made.narrow(0, old, old).sub(above.narrow(0, old, old)).abs().max().item<float>());
            Assert.True(own.sub(above).abs().min().item<float>() > 0, "layers that are equal would show nothing");
        }

        foreach (var name in preserving.Keys.Where(n => n.StartsWith("layers.1.", StringComparison.Ordinal) || !n.StartsWith("layers.", StringComparison.Ordinal) || n.Contains("norm", StringComparison.Ordinal)))
        {
            Assert.Equal(0, advanced[name].sub(preserving[name]).abs().max().item<float>());
        }
    }

    [Fact]
    public void LayersAreCopiedInTheOrderOfTheMethod()
    {
        var small = Growable.Lively(DecoderConfig.Gpt2(19, 8, 12, 3, 3));
        var size = new GrowthTarget { Layers = 5 }.From(ModelSize.Of(small.Config));
        var from = Weights(small);

        foreach (var (method, order) in new (GrowthConfig, int[])[] { (new StackGrowthConfig(), [0, 1, 2, 1, 2]), (new InterpolateGrowthConfig(), [0, 0, 1, 1, 2]), (new FunctionPreservingGrowthConfig(), [0, 1, 2, 1, 2]) })
        {
            var grown = Weights(method.Grow(small, size, new(3)));
            Assert.Equal(from.Count + (2 * from.Keys.Count(n => n.StartsWith("layers.0.", StringComparison.Ordinal))), grown.Count);
            foreach (var (name, value) in grown)
            {
                var source = name.StartsWith("layers.", StringComparison.Ordinal) ? $"layers.{order[name[7] - '0']}{name[8..]}" : name;
                Assert.Equal(0, value.sub(from[source]).abs().max().item<float>());
            }
        }
    }

    [Fact]
    public void WindowsFollowTheirLayers()
    {
        var llama = Growable.With(new RotaryPositionsConfig(), block => block with { Attention = block.Attention with { Window = 4 } }) with { WindowLayers = [1] };
        var grown = new InterpolateGrowthConfig().Grow(Growable.Lively(llama), ModelSize.Of(llama) with { Layers = 4 }, new(3));

        Assert.Equal([2, 3], ((DecoderConfig)grown.Config).WindowLayers);
    }

    [Theory]
    [InlineData("gpt2 tied")]
    [InlineData("norms of heads, scaled embedding")]
    [InlineData("norms of all heads, parallel")]
    [InlineData("norms after branches")]
    [InlineData("vit")]
    public void LayersThatNet2NetAddsPassOnWhatTheyGetAndLearn(string name)
    {
        var small = Growable.Lively(Growable.Configs[name]);
        var old = ModelSize.Of(small.Config);
        var size = new GrowthTarget { Layers = 5, Width = 2 * old.Width }.From(old);
        var method = new Net2NetGrowthConfig { Noise = 0 };

        var grown = method.Grow(small, size, new(3));

        Assert.Null(method.Changes(new(small), size));
        Preserved(small, grown);
        if (grown is Decoder decoder)
        {
            decoder.Head(decoder.Encode(new(arange(16).remainder(19).view(2, 8)))).square().sum().backward();
            Assert.Contains(decoder.named_parameters(), p => p.name.StartsWith("layers.1.", StringComparison.Ordinal) && p.parameter.grad!.abs().max().item<float>() > 1e-4);
        }
    }

    [Fact]
    public void NoiseFallsOnCopiesAlone()
    {
        var small = Growable.Lively(Growable.Configs["gpt2 tied"]);
        var size = new GrowthTarget { Width = 24 }.From(ModelSize.Of(small.Config));
        var plain = Weights(new Net2NetGrowthConfig { Noise = 0 }.Grow(small, size, new(3)));
        var noisy = Weights(new Net2NetGrowthConfig { Noise = 0.1 }.Grow(small, size, new(3)));

        foreach (var name in plain.Keys)
        {
            var noise = noisy[name] - plain[name];
            var projection = plain[name].dim() == 2 && name.StartsWith("layers", StringComparison.Ordinal);
            if (projection)
            {
                var rows = noise.shape[0] / 2;
                Assert.Equal(0, noise.narrow(0, 0, rows).abs().max().item<float>());
                var share = noise.narrow(0, rows, rows).square().mean().sqrt().item<float>() / plain[name].square().mean().sqrt().item<float>();
                Assert.InRange(share, 0.07, 0.13);
            }
            else
            {
                Assert.Equal(0, noise.abs().max().item<float>());
            }
        }
    }

    [Fact]
    public void DirectCopiesStandInACornerOfRandomWeights()
    {
        var small = Growable.Lively(Growable.Configs["gpt2 untied"]);
        var size = new GrowthTarget { Width = 24 }.From(ModelSize.Of(small.Config));
        var grown = Weights(new DirectCopyGrowthConfig().Grow(small, size, new(3)));
        var other = Weights(new DirectCopyGrowthConfig().Grow(small, size, new(4)));

        foreach (var (name, old) in Weights(small))
        {
            var corner = grown[name];
            for (var i = 0; i < old.dim(); i++)
            {
                corner = corner.narrow(i, 0, old.shape[i]);
            }

            Assert.Equal(0, corner.sub(old).abs().max().item<float>());
            Assert.Equal(name.EndsWith("weight", StringComparison.Ordinal) && !name.Contains("norm", StringComparison.Ordinal), grown[name].sub(other[name]).abs().max().item<float>() > 0);
        }
    }

    [Fact]
    public void MoreTokensChangeNoOldLogit()
    {
        var small = Growable.Lively(Growable.Configs["gpt2 tied"]);
        var grown = new FunctionPreservingGrowthConfig().Grow(small, new GrowthTarget { Width = 24, Vocabulary = 30 }.From(ModelSize.Of(small.Config)), new(3));

        Assert.Equal(30, ((Decoder)grown).VocabularySize);
        Preserved(small, grown);
    }

    [Fact]
    public void TypeAndModeAreKept()
    {
        var small = Growable.Lively(Growable.Configs["gpt2 tied"]);
        small.Module.to(bfloat16);
        small.Module.train();

        var grown = new AdvancedKnowledgeGrowthConfig().Grow(small, new GrowthTarget { Width = 24, Layers = 4 }.From(ModelSize.Of(small.Config)), new(3));

        Assert.True(grown.Module.training);
        Assert.All(grown.Module.parameters(), p => Assert.Equal(bfloat16, p.dtype));
    }

    [Theory]
    [InlineData(8, null, null, null, "width: 8 is less than the model's 12")]
    [InlineData(30, null, null, null, "heads: 3 cannot grow as 12 grows to 30")]
    [InlineData(null, 1, null, null, "layers: 1 is less")]
    [InlineData(null, null, 2, null, "heads: 2 is less")]
    [InlineData(null, null, 6, 4, "6 heads do not share 4")]
    [InlineData(null, null, null, null, "the model has these sizes already")]
    public void ImpossibleSizesAreRefused(int? width, int? layers, int? heads, int? keyHeads, string message) =>
        Assert.Contains(message, Assert.Throws<UserError>(() => new GrowthTarget { Width = width, Layers = layers, Heads = heads, KeyHeads = keyHeads }.From(ModelSize.Of(Growable.Configs["gpt2 tied"]))).Message, StringComparison.Ordinal);

    [Fact]
    public void WhatAMethodDoesNotCoverIsRefused()
    {
        var gpt2 = Growable.Lively(Growable.Configs["gpt2 tied"]);
        var old = ModelSize.Of(gpt2.Config);
        Refused("adds layers", () => new StackGrowthConfig().Grow(gpt2, old with { Width = 24, Heads = 6, KeyHeads = 6 }, new(1)));
        Refused("widens", () => new HyperCloningGrowthConfig().Grow(gpt2, old with { Layers = 4 }, new(1)));
        Refused("one whole number", () => new HyperCloningGrowthConfig().Grow(gpt2, old with { Width = 24, Heads = 6, KeyHeads = 6 }, new(1)));
        Refused("blocks end in norms", () => new Net2NetGrowthConfig().Grow(Growable.Lively(Growable.Configs["bert"]), ModelSize.Of(Growable.Configs["bert"]) with { Layers = 4 }, new(1)));
        Refused("share their weights", () => new StackGrowthConfig().Grow(Growable.Lively(Growable.Configs["albert"]), ModelSize.Of(Growable.Configs["albert"]) with { Layers = 4 }, new(1)));
        Refused("less than", () => new StackGrowthConfig().Grow(gpt2, old with { Layers = 1 }, new(1)));
        Refused("cannot be grown", () => ModelSize.Of(EncoderDecoderConfig.T5(19, 16, 2, 2)));
        var alibi = Growable.With(new AlibiPositionsConfig(), block => block);
        Refused("ALiBi", () => new FunctionPreservingGrowthConfig().Grow(Growable.Lively(alibi), new GrowthTarget { Width = 32 }.From(ModelSize.Of(alibi)), new(1)));
    }

    [Fact]
    public void ValuesThatAreNoNumbersAreRefusedByName()
    {
        var model = Growable.Lively(Growable.Configs["bert"]);
        using (no_grad())
        {
            model.Module.get_parameter("layers.1.feed_forward.up.weight")!.view(-1).narrow(0, 5, 1).fill_(float.NaN);
        }

        Refused("layers.1.feed_forward.up.weight", () => new StackGrowthConfig().Grow(model, ModelSize.Of(model.Config) with { Layers = 4 }, new(1)));
    }

    private static void Refused(string message, Func<object> grow) => Assert.Contains(message, Assert.Throws<UserError>(grow).Message, StringComparison.Ordinal);

    private static void Preserved(IModel small, IModel grown)
    {
        var change = OutputChange.OnRandom(small, grown, new(5));
        Assert.True(change.Scale > 0.1, "outputs near zero would be equal in any case");
        Assert.True(change.IsPreserved, $"{change}");
    }

    /// <summary>Copies: a model that nobody holds takes its weights with it.</summary>
    private static Dictionary<string, Tensor> Weights(IModel model)
    {
        var weights = model.Module.state_dict().ToDictionary(w => w.Key, w => w.Value.clone());
        GC.KeepAlive(model);
        return weights;
    }
}
