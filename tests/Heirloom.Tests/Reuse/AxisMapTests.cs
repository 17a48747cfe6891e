using CsCheck;
using Heirloom.Reuse.Growing;

namespace Heirloom.Tests.Reuse;

public class AxisMapTests
{
    [Fact]
    public void RandomMappingsKeepWhatIsThereAndCopyEvenly() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 100], Gen.ULong).Sample((old, more, seed) =>
        {
            var map = AxisMap.Random(old, old + more, new(seed));

            Assert.Equal(Enumerable.Range(0, old), map.Sources.Take(old));
            Assert.Equal(old + more, map.Counts.Sum());
            Assert.True(map.Counts.Max() - map.Counts.Min() <= 1);
            Assert.Equal((old + more) % old == 0, map.IsEven);
            Assert.Equal(more == 0, map.IsIdentity);
            Assert.Equal(Enumerable.Range(0, old + more).Select(i => i >= old), map.Copies);
        });

    [Fact]
    public void MappingsDependOnTheSeed()
    {
        Assert.Equal(AxisMap.Random(20, 35, new(1)).Sources, AxisMap.Random(20, 35, new(1)).Sources);
        Assert.NotEqual(AxisMap.Random(20, 35, new(1)).Sources, AxisMap.Random(20, 35, new(2)).Sources);
    }

    [Fact]
    public void EntriesAndSharesCountInUnits()
    {
        var map = new AxisMap(2, [0, 1, 1]);

        Assert.Equal([0, 1, 2, 3, 2, 3], map.Entries(2).data<long>().ToArray());
        Assert.Equal([1, 1, 2, 2, 2, 2], map.Shares(2).data<float>().ToArray());
        Assert.Equal([false, false, false, false, true, true], map.CopyMask(2).data<bool>().ToArray());
    }

    [Fact]
    public void NothingMayBeLost() => Assert.Contains("item 1", Assert.Throws<ArgumentException>(() => new AxisMap(3, [0, 2, 2])).Message, StringComparison.Ordinal);

    [Fact]
    public void CopiesOfQueryHeadsReadTheKeysOfTheirOwnGroup() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[0, 4], Gen.ULong).Sample((groups, shared, more, wider, seed) =>
        {
            var small = Size(groups, groups * shared);
            var large = Size(groups + more, (groups + more) * (shared + wider));
            var maps = AxisMaps.Random(small, large, new(seed));
            var (queries, keys) = (maps[Axis.Heads], maps[Axis.KeyHeads]);

            Assert.Equal(large.Heads, queries.Sources.Length);
            Assert.All(queries.Sources.Index(), q => Assert.Equal(keys.Sources[q.Index / (shared + wider)], q.Item / shared));
        });

    [Fact]
    public void GroupsThatGrowTooSmallForTheirHeadsAreRefused() =>
        Assert.Contains("kv-heads", Assert.Throws<UserError>(() => AxisMaps.Cyclic(Size(2, 8), Size(3, 9))).Message, StringComparison.Ordinal);

    [Fact]
    public void LayersAreStackedAndInterpolated()
    {
        Assert.Equal([0, 1, 2, 0, 1, 2], LayerOrder.Stack(3, 6));
        Assert.Equal([0, 1, 2, 1, 2], LayerOrder.Stack(3, 5));
        Assert.Equal([0, 0, 1, 1, 2, 2], LayerOrder.Interpolate(3, 6));
        Assert.Equal([0, 0, 1, 1, 2], LayerOrder.Interpolate(3, 5));
    }

    [Fact]
    public void EveryLayerIsUsedAndTheTopStaysTheTop() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[0, 30]).Sample((old, more) =>
        {
            foreach (var order in new[] { LayerOrder.Stack(old, old + more), LayerOrder.Interpolate(old, old + more) })
            {
                Assert.Equal(old + more, order.Length);
                Assert.Equal(Enumerable.Range(0, old), order.Distinct().Order());
                Assert.Equal((0, old - 1), (order[0], order[^1]));
            }

            Assert.Equal(LayerOrder.Interpolate(old, old + more).Order(), LayerOrder.Interpolate(old, old + more));
        });

    private static ModelSize Size(int keys, int heads) => new() { Width = 8, Layers = 1, Heads = heads, KeyHeads = keys, HeadWidth = 4, FeedForward = 8 };
}
