using Heirloom.Core.Ranks;
using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training.Ranks;

/// <summary>Training that ranks share is the training of one, whoever computes what.</summary>
public class SharedTrainingTests
{
    public static TheoryData<string> Optimizers => [.. Settings.Kinds(typeof(OptimizerConfig)).Keys];

    [Theory]
    [InlineData(2, 4)]
    [InlineData(3, 4)] // uneven: one rank computes two batches
    [InlineData(4, 4)]
    [InlineData(2, 1)] // rows are divided
    [InlineData(3, 2)]
    [InlineData(9, 1)] // more ranks than rows
    public void RanksTrainAsOneDoes(int ranks, int accumulate)
    {
        var config = RankTraining.Config with { Accumulate = accumulate, Optimizer = new AdamWConfig { LearningRate = 1e-2, Epsilon = 1e-4 } };
        var (expected, alone) = RankTraining.Train(1, config)[0];
        var all = RankTraining.Train(ranks, config);
        RankTraining.AssertClose(expected, all[0].Weights);
        Assert.All(all, r => Assert.Equal(all[0].Weights, r.Weights)); // to the bit
        Assert.All(alone.Losses.Zip(all[^1].Result.Losses), l => Assert.Equal(l.First.Loss, l.Second.Loss, 1e-5));
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void EveryOptimizerCanBeDivided(string kind)
    {
        var config = RankTraining.Config with { Optimizer = (OptimizerConfig)Activator.CreateInstance(Settings.Kinds(typeof(OptimizerConfig))[kind])! };
        var tolerance = kind == "lion" ? 1e-3 : 1e-4; // a sign turns on a last digit
        RankTraining.AssertClose(RankTraining.Train(1, config)[0].Weights, RankTraining.Train(2, config)[0].Weights, tolerance);
    }

    [Fact]
    public void NRanksWithBatchBAreOneRankWithBatchNB()
    {
        // four batches of 8 rows by four ranks, and the same 32 rows as one batch of one rank
        var config = RankTraining.Config with { Optimizer = new SgdConfig { LearningRate = 0.05 } };
        var joined = RankTraining.Train(1, config with { Accumulate = 1 }, batches: new TinyBatches(new(3), 32) { Rows = step => Join(new TinyBatches(new(3)), step) })[0];
        RankTraining.AssertClose(joined.Weights, RankTraining.Train(4, config)[0].Weights);

        static TinyBatch Join(TinyBatches parts, long step)
        {
            TinyBatch[] four = [.. Enumerable.Range(0, 4).Select(i => parts.At((step * 4) + i))];
            return new(cat([.. four.Select(b => b.Features)]), cat([.. four.Select(b => b.Targets)]));
        }
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    [InlineData(2, 4)]
    public void AnotherNumberOfRanksGoesOn(int before, int after)
    {
        using var folder = new TemporaryFolder();
        var config = RankTraining.Config with { SaveEvery = 3, Ema = new(), Optimizer = new AdamWConfig { LearningRate = 1e-2, Epsilon = 1e-4 } };
        Assert.All(RankTraining.Train(before, config, folder.Path, stopAt: 4), r => Assert.Equal(StopReason.Paused, r.Result.StopReason));
        var resumed = RankTraining.Train(after, config, folder.Path);
        Assert.All(resumed, r => Assert.Equal(4, r.Result.Losses.Count));
        RankTraining.AssertClose(RankTraining.Train(1, config)[0].Weights, resumed[^1].Weights);
        Assert.Equal(8, File.ReadLines(folder / "metrics.jsonl").Count()); // one writer
    }

    [Fact]
    public void ResumedByAsManyRanksIsUninterruptedBitForBit()
    {
        using var folder = new TemporaryFolder();
        RankTraining.Train(2, RankTraining.Config, folder.Path, stopAt: 3);
        Assert.Equal(RankTraining.Train(2, RankTraining.Config)[0].Weights, RankTraining.Train(2, RankTraining.Config, folder.Path)[1].Weights);
    }

    [Fact]
    public void AnErrorOfOneRankStopsAllAndNamesIt()
    {
        using var folder = new TemporaryFolder();
        var config = RankTraining.Config with { SaveEvery = 2 };
        var error = Assert.Throws<SharedFailure>(() => RankTraining.Train(
            2, config, folder.Path, batches: new TinyBatches(new(3)) { Change = (batch, x) => batch == 21 ? throw new UserError("row 7 is damaged", "data.bin") : x }));
        Assert.Equal("rank 1 of 2: data.bin: row 7 is damaged", error.Message);

        // the last snapshot is good, and any number of ranks goes on from it
        Assert.Equal(4, RankTraining.Train(1, config, folder.Path)[0].Result.Losses.Count);
    }

    [Fact]
    public void ABadBatchOfOneRankIsEverybodysAndNamed()
    {
        var error = Assert.Throws<SharedFailure>(() => RankTraining.Train(
            2, RankTraining.Config, batches: new TinyBatches(new(3)) { Change = (batch, x) => batch == 6 ? x.fill_(float.NaN) : x }));
        Assert.Contains("step 2, batch 6 of tiny-3-8: the loss is NaN", error.Message);
        var skipped = RankTraining.Train(
            2, RankTraining.Config with { OnBadStep = BadStepAction.Skip }, batches: new TinyBatches(new(3)) { Change = (batch, x) => batch == 6 ? x.fill_(float.NaN) : x });
        Assert.All(skipped, r => Assert.Equal(1, r.Result.Skipped));
    }

    [Fact]
    public void AStopThatOneRankHearsStopsAll()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        TinyModel[] models = [RankTraining.Shape.Build(new(1)), RankTraining.Shape.Build(new(1))]; // threads share the generator
        var results = ThreadRanks.Run(2, ranks =>
        {
            using var scope = NewDisposeScope();
            using var model = models[ranks.Rank];
            using var run = new TrainingRun(folder.Path, ranks);
            var work = new WorkContext { Ranks = ranks, Stop = ranks.Rank == 1 ? stop.Token : default };
            return new Trainer(RankTraining.Config, new(7), work).Fit(model, Tiny.SquaredError, new TinyBatches(new(3)), run, new Callback(s =>
            {
                if (ranks.Leads && s.Step == 3)
                {
                    stop.Cancel();
                }
            }));
        });
        Assert.Equal(results[0].Steps, results[1].Steps);
        Assert.All(results, r => Assert.Equal(StopReason.Interrupted, r.StopReason));
        Assert.Equal(RankTraining.Train(2, RankTraining.Config)[0].Weights, RankTraining.Train(2, RankTraining.Config, folder.Path)[0].Weights);
    }

    [Fact]
    public void EveryRankHoldsItsShareOfTheStatesAlone()
    {
        using var model = new TinyConfig { Hidden = 64 }.Build(new(1));
        var parameters = NamedParameter.Of(model);
        var owners = Heirloom.Training.Ranks.ShardPlan.Owners([.. parameters.Select(p => p.Value.numel())], 2);
        var loads = owners.Zip(parameters).GroupBy(o => o.First).Select(g => g.Sum(o => o.Second.Value.numel())).ToList();
        Assert.Equal(2, loads.Count);
        var most = parameters.Max(p => p.Value.numel());
        Assert.True(loads.Max() - loads.Min() <= most); // what the rule guarantees
    }
}
