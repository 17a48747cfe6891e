using Heirloom.Training.Ranks;

namespace Heirloom.Tests.Training.Ranks;

public class ScalingModelTests
{
    /// <summary>The decoder M of the benchmarks on nodes like the machine at hand, joined by 10 Gb/s Ethernet.</summary>
    private static readonly ScalingModel Ethernet = new()
    {
        Parameters = 13.9e6, Largest = 8192 * 384, Tokens = 2048, Speed = 450e9, Latency = 30e-6, Bandwidth = 1.1e9, UpdatesPerSecond = 1.5e9,
    };

    /// <summary>1.3 billion parameters in bfloat16 with float32 master weights on accelerators, joined by 400 Gb/s.</summary>
    private static readonly ScalingModel Fabric = new()
    {
        Parameters = 1.3e9, Largest = 50304 * 2048, Tokens = 16384, Speed = 400e12, Latency = 5e-6, Bandwidth = 45e9, UpdatesPerSecond = 80e9,
        WeightBytes = 2, StateBytes = 12, BucketElements = 16 * ShardPlan.BucketElements,
    };

    private static readonly int[] s_ranks = [.. Enumerable.Range(0, 11).Select(i => 1 << i)];

    [Fact]
    public void OneRankSendsNothing()
    {
        var alone = Ethernet.At(1);
        Assert.Equal((0.0, 0.0, 1.0), (alone.Communication, alone.Exposed, alone.Efficiency));
        Assert.Equal(6 * 13.9e6 * 2048 / 450e9, alone.Compute, 1e-12);
    }

    [Fact]
    public void FourRanksByHand()
    {
        // three messages of 30 µs for each of 3 buckets, and 3/4 of 55.6 MB at 1.1 GB/s; twice
        Assert.Equal(3, Ethernet.Buckets);
        Assert.Equal(2 * ((3 * 3 * 30e-6) + (0.75 * 55.6e6 / 1.1e9)), Ethernet.At(4).Communication, 1e-9);
        Assert.Equal(Ethernet.RingAllReduce(55.6e6, 4) + (2 * 2 * 3 * 30e-6), Ethernet.At(4).Communication, 1e-9);
        Assert.Equal(13.9e6 / 4 / 1.5e9, Ethernet.At(4).Update, 1e-9);
        Assert.Equal(8192 * 384 / 1.5e9, Ethernet.At(8).Update, 1e-9); // the table of embeddings is not divided
        Assert.Equal((13.9e6 * 8) + (13.9e6 / 4 * 8), Ethernet.At(4).Bytes, 1);
    }

    [Fact]
    public void TreesWinWithShortMessagesAndRingsWithLong()
    {
        Assert.True(Ethernet.TreeAllReduce(1e3, 1024) < Ethernet.RingAllReduce(1e3, 1024));
        Assert.True(Ethernet.TreeAllReduce(1e9, 1024) > Ethernet.RingAllReduce(1e9, 1024));
    }

    [Fact]
    public void OverlapHidesGradientsAndNothingElse()
    {
        var hidden = (Fabric with { Overlap = 2.0 / 3 }).At(64);
        Assert.Equal(Fabric.AllGather(2.6e9, 64, Fabric.Buckets), hidden.Exposed, 1e-9);
        Assert.Equal(Fabric.At(64).Communication, hidden.Communication);
    }

    [Fact]
    public void TheDocumentShowsWhatTheFormulasGive()
    {
        var text = File.ReadAllText(Checkout.Folder("docs/scaling.md"));
        Assert.Contains(Ethernet.Table(s_ranks), text, StringComparison.Ordinal);
        Assert.Contains((Fabric with { Overlap = 2.0 / 3 }).Table(s_ranks), text, StringComparison.Ordinal);
    }
}
