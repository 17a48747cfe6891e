using CsCheck;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Tokens;

namespace Heirloom.Tests.Data;

public sealed class MixtureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Counts stay within 4.5 standard deviations of the binomial, for any weights; a weight of zero is never drawn.</summary>
    [Fact]
    public void FrequenciesFollowTheWeights() => Gen.Select(Gen.Double[0, 1].Array[2, 5].Where(w => w.Sum() > 0.1), Gen.ULong).Sample((weights, seed) =>
    {
        const int Draws = 4_000;
        weights[0] = 0;
        if (weights.Sum() == 0)
        {
            return;
        }

        var mixture = new MixtureRows<long>(weights.Select(_ => new Numbers()), MixtureConfig.Constant([.. weights]), 8, new Seed(seed));
        var counts = Enumerable.Range(0, Draws).CountBy(i => mixture.Locate(i).Stream).ToDictionary();
        for (var s = 0; s < weights.Length; s++)
        {
            var p = weights[s] / weights.Sum();
            var deviation = Math.Sqrt(Draws * p * (1 - p));
            Assert.InRange(counts.GetValueOrDefault(s), (Draws * p) - (4.5 * deviation) - 1e-6, (Draws * p) + (4.5 * deviation) + 1e-6);
        }
    }, iter: 10);

    [Fact]
    public void EveryStreamIsReadInOrderWithoutGapsAlsoAfterAJump()
    {
        var config = MixtureConfig.Constant(5, 3, 2);
        var mixture = Make(config);
        var next = new long[3];
        for (var i = 0L; i < 5_000; i++)
        {
            var (stream, row) = mixture.Locate(i);
            Assert.Equal(next[stream]++, row);
        }

        Assert.Equal(mixture.Locate(4_999), Make(config).Locate(4_999));
        Assert.Equal(mixture.Locate(1_024), mixture.Locate(1_024));

        static MixtureRows<long> Make(MixtureConfig config) => new([new Numbers(), new Numbers(), new Numbers()], config, 4, new Seed(11));
    }

    [Fact]
    public void SchedulesJumpOrMoveInAStraightLine()
    {
        var config = new MixtureConfig { Phases = [new() { From = 10, Weights = [1, 0] }, new() { From = 20, Weights = [1, 3] }] };
        Assert.Equal([1.0, 0.0], config.WeightsAt(0));
        Assert.Equal([1.0, 0.0], config.WeightsAt(19));
        Assert.Equal([0.25, 0.75], config.WeightsAt(20));
        var linear = config with { Change = MixtureChange.Linear };
        Assert.Equal([1.0, 0.0], linear.WeightsAt(5));
        Assert.Equal([0.625, 0.375], linear.WeightsAt(15));
        Assert.Equal([0.25, 0.75], linear.WeightsAt(99));

        var mixture = new MixtureRows<long>([new Numbers(), new Numbers()], config, 4, new Seed(1));
        Assert.All(Enumerable.Range(0, 80), i => Assert.Equal(0, mixture.Locate(i).Stream));
        Assert.Contains(Enumerable.Range(80, 20), i => mixture.Locate(i).Stream == 1);
    }

    [Fact]
    public void ReplayMixesRowsOfBothFiles()
    {
        using var recent = TokenCorpus.Counting(Path.Combine(_folder.Path, "new"), [1000]);
        TokenFileWriter.Write(Path.Combine(_folder.Path, "old"), TokenCorpus.Info(), [new([.. Enumerable.Range(50_000, 1000)])]);
        using var old = TokenFile.Open(Path.Combine(_folder.Path, "old"));
        var config = new PackingConfig { ContextLength = 10, BatchSize = 1 };
        var batches = new MixtureBatches([new PackedRows(recent, config, new Seed(1)), new PackedRows(old, config, new Seed(2))], MixtureConfig.Replay(0.25), 16, new Seed(3));
        var fromOld = 0;
        for (var step = 0; step < 100; step++)
        {
            using var ids = batches.At(step).Ids;
            Assert.Equal([16, 10], ids.shape);
            fromOld += Enumerable.Range(0, 16).Count(r => ids.data<long>()[r * 10L] >= 50_000);
        }

        Assert.InRange(fromOld, 320, 480);
    }

    [Fact]
    public void ImpossibleWeightsAreRefused()
    {
        foreach (var config in new MixtureConfig[]
        {
            MixtureConfig.Constant(1), MixtureConfig.Constant(0, 0), MixtureConfig.Constant(1, -1), MixtureConfig.Constant(1, double.NaN), new() { Phases = [] },
            new() { Phases = [new() { From = 5, Weights = [1, 1] }, new() { From = 5, Weights = [1, 1] }] },
        })
        {
            Assert.Throws<UserError>(() => new MixtureRows<long>([new Numbers(), new Numbers()], config, 1, new Seed(0)));
        }
    }

    private sealed class Numbers : IRows<long>
    {
        public string Fingerprint => "numbers";

        public long? RowsPerEpoch => null;

        public long Row(long index) => index;
    }
}
