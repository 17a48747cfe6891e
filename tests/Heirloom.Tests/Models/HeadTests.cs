using Heirloom.Layers;
using Heirloom.Models;
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

        var pooled = pooling.Apply(encoder, s_hidden, new(zeros(2, 4, dtype: ScalarType.Int64)) { Mask = s_mask });

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

        var inputs = new TokenInputs(zeros(2, 4, dtype: ScalarType.Int64));

        Assert.True(pooling.Apply(encoder, hidden, inputs).allclose(pooling.Apply(encoder, hidden, inputs with { Mask = ones([2, 4], ScalarType.Bool) })));
    }

    [Fact]
    public void ATokenSaysWhereASequenceEndsWhateverTheMaskSays()
    {
        using var scope = NewDisposeScope();
        using var encoder = s_bert.Build(new(1));
        var inputs = new TokenInputs(tensor(new[] { 5L, 2, 7, 0, 5, 6, 2, 2 }, [2, 4])) { Mask = s_mask };

        // padding is 0: the third of the first row and the last of the second are the last real tokens
        Assert.Equal([6f, 21f], Pooling.Last.Apply(encoder, s_hidden, inputs, 0).select(1, 0).data<float>().ToArray());
        // 2 is the end: the last one counts
        Assert.Equal([3f, 21f], Pooling.End.Apply(encoder, s_hidden, inputs, 2).select(1, 0).data<float>().ToArray());
        Assert.Contains("no end token 9", Assert.Throws<UserError>(() => Pooling.End.Apply(encoder, s_hidden, inputs, 9)).Message, StringComparison.Ordinal);
        Assert.Contains("pooling_token", Assert.Throws<UserError>(
            () => new SequenceClassifierConfig { Encoder = s_bert, Classes = 2, Pooling = Pooling.End }.Build(new(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATransformStandsBeforeTheClassifier()
    {
        using var scope = NewDisposeScope();
        var model = new TokenClassifierConfig { Encoder = s_bert, Classes = 3, Transform = Activation.Tanh, Bias = false }.Build(new(1));
        var ids = new TokenInputs(tensor(new[] { 5L, 6, 7 }, [1, 3]));
        var state = model.state_dict();
        var hidden = model.Encoder.Encode(ids).matmul(state["classifier_transform.weight"].t()).add(state["classifier_transform.bias"]).tanh();

        Assert.True(model.Classify(ids).allclose(hidden.matmul(state["classifier.weight"].t())));
        Assert.DoesNotContain("classifier.bias", state.Keys);
    }

    [Fact]
    public void ChoicesAreReadOneByOne()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = ChoiceScorer.Over(s_bert.Build(new(1)), new(2), Pooling.Pooler);
        var ids = arange(24).view(2, 3, 4);

        var scores = model.Choose(new(ids));

        Assert.Equal([2, 3], scores.shape);
        Assert.True(scores.narrow(1, 1, 1).allclose(model.Choose(new(ids.narrow(1, 1, 1)))));
    }

    [Fact]
    public void ASentencePairModelIsItsMaskedModelAndARelation()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = new SentencePairLMConfig { Encoder = s_bert }.Build(new(1));
        var inputs = new TokenInputs(arange(8).view(2, 4));

        Assert.Equal([2, 4, 32], model.Head(model.Encode(inputs)).shape);
        Assert.Equal([2, 2], model.Classify(inputs).shape);
        Assert.True(model.Classify(inputs).allclose(model.Relation(model.Encode(inputs), inputs)));
        Assert.Contains("no vocabulary head", Assert.Throws<UserError>(
            () => new SentencePairLMConfig { Encoder = s_bert with { Head = false } }.Build(new(1)).Head(zeros(1, 16))).Message, StringComparison.Ordinal);
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
