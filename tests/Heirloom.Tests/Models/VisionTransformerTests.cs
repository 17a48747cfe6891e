using Heirloom.Models.Vision;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public class VisionTransformerTests
{
    private static readonly VisionTransformerConfig s_config = VisionTransformerConfig.Vit(image: 8, patch: 4, channels: 1, width: 16, layers: 2, heads: 2, classes: 3);

    [Fact]
    public void TheClassTokenComesFirstAndStandsForTheImage()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var images = linspace(0, 1, 128).view(2, 1, 8, 8);
        var model = s_config.Build(new(1));

        Assert.Equal([2, 5, 16], model.Encode(images).shape);
        Assert.Equal(model.Encode(images).select(1, 0).data<float>().ToArray(), model.Embed(images).data<float>().ToArray());
    }

    [Fact]
    public void WithoutOneTheMeanOfThePatchesDoes()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var images = linspace(0, 1, 128).view(2, 1, 8, 8);
        var model = (s_config with { ClassToken = false }).Build(new(1));

        Assert.Equal([2, 4, 16], model.Encode(images).shape);
        Assert.True(model.Embed(images).allclose(model.Encode(images).mean([1])));
        Assert.DoesNotContain(model.named_parameters(), p => p.name == "class_token");
    }

    [Fact]
    public void PatchesKnowTheirPlace()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var image = zeros(1, 1, 8, 8);
        image.narrow(2, 0, 4).narrow(3, 0, 4).fill_(1);
        var model = s_config.Build(new(1));

        Assert.False(model.Embed(image).allclose(model.Embed(image.flip(2))));
    }

    [Fact]
    public void MistakesAreRefused()
    {
        using var scope = NewDisposeScope();
        var model = (s_config with { Classes = 0 }).Build(new(1));

        Assert.Contains("[2, 3, 8, 8]", Assert.Throws<UserError>(() => model.Encode(zeros(2, 3, 8, 8))).Message, StringComparison.Ordinal);
        Assert.Contains("no classifier", Assert.Throws<UserError>(() => model.Classify(zeros(2, 1, 8, 8))).Message, StringComparison.Ordinal);
        Assert.Contains("do not tile", Assert.Throws<UserError>(() => (s_config with { PatchSize = 3 }).Build(new(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ParametersAreNamedAsCheckpointsExpect()
    {
        using var model = s_config.Build(new(1));

        var names = model.named_parameters().Select(p => p.name).Where(n => !n.StartsWith("layers.", StringComparison.Ordinal));
        Assert.Equal(["class_token", "classifier.bias", "classifier.weight", "norm.bias", "norm.weight", "patches.bias", "patches.weight", "positions"], names.Order(StringComparer.Ordinal));
    }
}
