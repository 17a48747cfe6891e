using Heirloom.Data;
using Heirloom.Objectives;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class TextInfillingTests
{
    /// <summary>What is left of a text stands in order between its masks, and as many tokens are missing as the rate says.</summary>
    [Fact]
    public void MasksStandForWhatIsMissing()
    {
        using var scope = NewDisposeScope();
        var config = TextInfillingConfig.Example with { Rate = 0.3 };
        var pairs = TextInfilling.Hide(new TokenBatch(arange(20).unsqueeze(0).add(arange(8).unsqueeze(1)).add(4)), config, new(3));
        for (var row = 0; row < 8; row++)
        {
            long[] source = [.. pairs.Source[row].data<long>().ToArray().Where((_, i) => pairs.SourceMask[row, i].item<bool>())], target = [.. pairs.Target[row].data<long>()];
            Assert.Equal([.. Enumerable.Range(row + 4, 20).Select(i => (long)i), config.EndToken], target);
            Assert.Equal(config.EndToken, source[^1]);
            long[] kept = [.. source.SkipLast(1).Where(id => id != config.MaskToken)];
            Assert.Equal(14, kept.Length);
            Assert.Equal(kept.Order(), kept);
            Assert.Equal(source.Count(id => id == config.MaskToken), Enumerable.Range(0, 20).Count(i => !kept.Contains(row + 4 + i) && (i == 0 || kept.Contains(row + 3 + i))));
        }
    }
}
