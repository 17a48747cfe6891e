using Heirloom.Models.VisionLanguage;
using Heirloom.Objectives.VisionLanguage;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class ImageTextContrastTests
{
    /// <summary>Figure 3 of the paper, written out.</summary>
    [Fact]
    public void TheLossIsTheMeanOfBothCrossEntropies()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = ClipConfig.Example.Build(new(1));
        var (images, ids) = (linspace(-1, 1, 3 * 64).mul(9).sin().view(3, 1, 8, 8), arange(18).view(3, 6).remainder(5).add(5));
        var (texts, seen) = (model.EmbedTexts(new(ids)), model.EmbedImages(images));
        Assert.True(texts.norm(1).allclose(ones(3)));

        double Loss(double scale)
        {
            var scores = texts.matmul(seen.t()).mul(scale).data<float>().ToArray();
            double Row(int i, Func<int, float> score) => Math.Log(Enumerable.Range(0, 3).Sum(j => Math.Exp(score(j)))) - score(i);
            return Enumerable.Range(0, 3).Sum(i => Row(i, j => scores[(3 * i) + j]) + Row(i, j => scores[(3 * j) + i])) / 6;
        }

        var objective = ImageTextContrast.Objective();
        Assert.Equal(Loss(Math.Exp(2.6592)), objective(model, new(images, ids), new(1)).Total.item<float>(), 4);
        // beyond the largest scale it stays there
        model.LogScale.fill_(7);
        Assert.Equal(Loss(100), objective(model, new(images, ids), new(1)).Total.item<float>(), 3);
    }

    [Fact]
    public void ATextIsReadAtItsFirstEndOrWhereItsIdIsHighest()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var hidden = arange(10, dtype: float32).view(1, 5, 2);
        var ids = tensor(new long[,] { { 4, 5, 9, 5, 1 } });
        Assert.Equal([2f, 3f], (ClipTextConfig.Example with { EndToken = 5 }).Build(new(1)).Pool(hidden, ids).data<float>().ToArray());
        Assert.Equal([4f, 5f], (ClipTextConfig.Example with { EndToken = null }).Build(new(1)).Pool(hidden, ids).data<float>().ToArray());
        Assert.Contains("no end token 7", Assert.Throws<UserError>(() => (ClipTextConfig.Example with { EndToken = 7 }).Build(new(1)).Pool(hidden, ids)).Message, StringComparison.Ordinal);
    }
}
