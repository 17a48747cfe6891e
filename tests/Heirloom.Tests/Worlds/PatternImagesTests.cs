using Heirloom.Worlds.Images;

namespace Heirloom.Tests.Worlds;

public class PatternImagesTests
{
    [Theory]
    [InlineData(Pattern.Gratings)]
    [InlineData(Pattern.Flowers)]
    public void TheSeedDecidesAndClassesAreBalanced(Pattern pattern)
    {
        var config = new PatternImagesConfig { Pattern = pattern, Classes = 3, PerClass = 4, Size = 9 };
        using var images = PatternImages.Generate(config, new(1));
        using var again = PatternImages.Generate(config, new(1));
        using var fewer = PatternImages.Generate(config with { PerClass = 2 }, new(1));

        Assert.Equal([12, 1, 9, 9], images.Images.shape);
        Assert.Equal(images.Images.data<float>().ToArray(), again.Images.data<float>().ToArray());
        Assert.Equal(images.Images.data<float>().ToArray()[..162], fewer.Images.data<float>().ToArray()[..162]); // an image depends on its class and number alone
        Assert.Equal([4, 4, 4], images.Labels.data<long>().ToArray().CountBy(l => l).Select(c => c.Value));
        Assert.InRange(images.Images.std().item<float>(), 0.1f, 0.6f);
    }

    [Fact]
    public void AGratingOfTheFirstClassVariesAcrossColumnsOnly()
    {
        using var images = PatternImages.Generate(new() { Classes = 2, PerClass = 1, Size = 8, Noise = 0 }, new(1));
        using var first = images.Images[0, 0];

        Assert.Equal(0, first.std(0).max().item<float>(), 1e-5);
        Assert.True(first.std(1).min().item<float>() > 0.1);
    }
}
