using Heirloom.Checkpoints;
using Heirloom.Models.Text;

namespace Heirloom.Tests.Checkpoints;

public class MemoryEstimateTests
{
    [Fact]
    public void Stacks_with_blocks_of_their_own_are_counted_once()
    {
        var same = EncoderDecoderConfig.T5(vocabulary: 37, width: 16, layers: 2, heads: 4, headWidth: 6) with { DecoderLayers = 5 };
        Assert.Equal(MemoryEstimate.Of(same, 2, 8), MemoryEstimate.Of(same with { DecoderBlock = same.Block }, 2, 8));
    }
}
