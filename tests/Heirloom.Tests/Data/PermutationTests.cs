using CsCheck;
using Heirloom.Data.Batching;

namespace Heirloom.Tests.Data;

public class PermutationTests
{
    [Fact]
    public void IsABijection() => Gen.Select(Gen.Int[1, 2000], Gen.ULong).Sample((count, seed) =>
    {
        var permutation = new Permutation(count, new Seed(seed));
        return Enumerable.Range(0, count).Select(i => permutation[i]).Order().SequenceEqual(Enumerable.Range(0, count).Select(i => (long)i));
    }, iter: 200);

    [Fact]
    public void HandlesCountsBeyondMemory()
    {
        const long Count = 1L << 41;
        var permutation = new Permutation(Count, new Seed(1));
        var images = Enumerable.Range(0, 10_000).Select(i => permutation[Count - 1 - i]).ToHashSet();
        Assert.Equal(10_000, images.Count);
        Assert.All(images, i => Assert.InRange(i, 0, Count - 1));
    }

    /// <summary>Over seeds, an index goes everywhere equally often: χ² with 6 degrees of freedom stays below its 99.99 % point.</summary>
    [Fact]
    public void SmallRangesAreShuffledEvenly()
    {
        for (var index = 0; index < 7; index++)
        {
            var counts = new int[7];
            for (var seed = 0UL; seed < 7000; seed++)
            {
                counts[new Permutation(7, new Seed(seed))[index]]++;
            }

            Assert.InRange(counts.Sum(c => Math.Pow(c - 1000, 2) / 1000), 0, 27.9);
        }
    }

    /// <summary>Neighbours do not stay neighbours.</summary>
    [Fact]
    public void OrderIsLost()
    {
        var permutation = new Permutation(10_000, new Seed(5));
        Assert.InRange(Enumerable.Range(0, 9_999).Count(i => Math.Abs(permutation[i] - permutation[i + 1]) < 100), 120, 280);
    }
}
