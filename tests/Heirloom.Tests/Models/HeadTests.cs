using Heirloom.Layers;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public class HeadTests
{
    private static readonly EncoderConfig s_bert = EncoderConfig.Bert(32, 16, 16, 1, 2) with { Pooler = true };

    private static readonly Tensor s_hidden = arange(24, dtype: ScalarType.Float32).view(2, 4, 3).DetachFromDisposeScope();

    // the first row is padded at its end, the second at its start
    private static readonly Tensor s_mask = tensor(new[] { true, true, false, false, false, true, true, true }, [2, 4]).DetachFromDisposeScope();

    [Theory]
    [InlineData(Pooling.First, 0f, 15f)]
    [InlineData(Pooling.Last, 3f, 21f)]
    [InlineData(Pooling.Mean, 1.5f, 18f)]
    public void PoolingPassesOverPadding(Pooling pooling, float first, float second)
    {
        using var scope = NewDisposeScope();
        using var encoder = s_bert.Build(new(1));

        var pooled = pooling.Apply(encoder, s_hidden, s_mask);

        Assert.Equal([first, first + 1, first + 2, second, second + 1, second + 2], pooled.data<float>().ToArray());
    }

    [Theory]
    [InlineData(Pooling.First)]
    [InlineData(Pooling.Last)]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.Pooler)]
    public void NoMaskIsAFullOne(Pooling pooling)
    {
        using var scope = NewDisposeScope();
        using var encoder = s_bert.Build(new(1));
        var hidden = linspace(-1, 1, 128).view(2, 4, 16);

        Assert.True(pooling.Apply(encoder, hidden, null).allclose(pooling.Apply(encoder, hidden, ones([2, 4], ScalarType.Bool))));
    }

    [Fact]
    public void APretrainedEncoderKeepsItsWeights()
    {
        using var scope = NewDisposeScope();
        var encoder = s_bert.Build(new(1));
        var before = encoder.state_dict().ToDictionary(p => p.Key, p => p.Value.clone());

        var model = SequenceClassifier.Over(encoder, classes: 5, new(2), Pooling.Pooler);

        Assert.All(before, p => Assert.True(p.Value.allclose(model.state_dict()[$"encoder.{p.Key}"])));
        Assert.Equal(before.Count + 2, model.state_dict().Count);
        Assert.Equal([5, 16], model.state_dict()["classifier.weight"].shape);
        Assert.Equal(s_bert, Assert.IsType<SequenceClassifierConfig>(model.Config).Encoder);
        Assert.Same(encoder, model.Encoder);
    }

    [Fact]
    public void TheHeadStartsAloneFromItsSeed()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (TokenClassifier.Over(s_bert.Build(new(1)), 3, new(2)), TokenClassifier.Over(s_bert.Build(new(9)), 3, new(2)));

        Assert.True(a.state_dict()["classifier.weight"].allclose(b.state_dict()["classifier.weight"]));
        Assert.InRange(a.state_dict()["classifier.weight"].std().item<float>(), 0.01f, 0.03f);
    }

    [Fact]
    public void WhatAHeadCannotStandOnIsRefused()
    {
        using var scope = NewDisposeScope();
        var vision = VisionTransformerConfig.Vit(8, 4, 1, 16, 1, 2);

        Assert.Contains("no TokenEncoder", Assert.Throws<UserError>(() => new SequenceClassifierConfig { Encoder = vision, Classes = 2 }.Build(new(1))).Message, StringComparison.Ordinal);
        Assert.Contains("no ImageEncoder", Assert.Throws<UserError>(() => new ImageClassifierConfig { Encoder = s_bert, Classes = 2 }.Build(new(1))).Message, StringComparison.Ordinal);
        Assert.Contains("pooler", Assert.Throws<UserError>(
            () => new SequenceClassifierConfig { Encoder = s_bert with { Pooler = false }, Classes = 2, Pooling = Pooling.Pooler }.Build(new(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnImageClassifierReadsTheImagesVector()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = ImageClassifier.Over(VisionTransformerConfig.Vit(8, 4, 1, 16, 1, 2).Build(new(1)), 3, new(2));
        var images = linspace(0, 1, 128).view(2, 1, 8, 8);

        Assert.True(model.Classify(images).allclose(model.Encoder.Embed(images).matmul(model.state_dict()["classifier.weight"].t())));
    }
}
