using System.ComponentModel.DataAnnotations;
using Heirloom.Evaluation.Statistics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Training;
using Heirloom.Worlds.Text;

namespace Heirloom.Reproductions.Insight;

/// <summary>Multi-Bootstrap: is a test of two recipes calibrated when seeds matter, on simulated scores and on real checkpoints?</summary>
public sealed class P064MultiBerts : IPaper
{
    public static Paper Describe() => new Paper<Sizes, ComparisonTest>
    {
        Id = 64,
        Source = new("The MultiBERTs: BERT Reproductions for Robustness Analysis", "Sellam et al.", 2022, new("https://arxiv.org/abs/2106.16163")),
        Claim = "Resampling seeds and test examples together gives tests of recipes that hold their level; testing one checkpoint against another does not.",
        Departures =
        [
            "the checkpoint set is one of tiny decoders on a text world, not 25 BERT-base models",
            "the interval used for verdicts widens the published percentile interval at few seeds (docs/decisions/0001)",
        ],
        Smoke = new() { Seeds = 1, Simulations = 5, SimulatedSeeds = 4, Checkpoints = 4, Steps = 2, Splits = 5 },
        Quick = new() { Seeds = 5 },
        Full = new() { Seeds = 10, Simulations = 2000, Checkpoints = 25, Steps = 600, Splits = 400 },
        Train =
        [
            new("combined", _ => ComparisonTest.Combined),
            new("percentile", _ => ComparisonTest.Percentile),
            new("one checkpoint", _ => ComparisonTest.OneCheckpoint),
        ],
        Measure =
        [
            new("type-I error, simulated, unpaired", Better.Lower, (test, t) => Simulated(test, t, SeedDesign.Unpaired, 0)) { SameExamples = false },
            new("type-I error, simulated, paired", Better.Lower, (test, t) => Simulated(test, t, SeedDesign.Paired, 0)) { SameExamples = false },
            new("power, simulated, paired", Better.Higher, (test, t) => Simulated(test, t, SeedDesign.Paired, t.Settings.Effect)) { SameExamples = false },
            new("type-I error, checkpoints", Better.Lower, (test, t) => Checkpoints(test, t, 0)) { SameExamples = false },
            new("power, checkpoints", Better.Higher, (test, t) => Checkpoints(test, t, t.Settings.CheckpointEffect)) { SameExamples = false },
        ],
        Findings =
        [
            new() { Claim = "holds 5% on simulated nulls, unpaired", Method = "combined", Constant = 0.05, Margin = -0.03, Measure = "type-I error, simulated, unpaired" },
            new() { Claim = "holds 5% on simulated nulls, paired", Method = "combined", Constant = 0.05, Margin = -0.03, Measure = "type-I error, simulated, paired" },
            new() { Claim = "the published percentile interval is near 5% with 20 seeds", Method = "percentile", Constant = 0.05, Margin = -0.05, Measure = "type-I error, simulated, unpaired" },
            new() { Claim = "one checkpoint rejects true nulls more often", Method = "combined", Baseline = "one checkpoint", Measure = "type-I error, simulated, unpaired" },
            new() { Claim = "also between real checkpoints of one recipe", Method = "combined", Baseline = "one checkpoint", Measure = "type-I error, checkpoints" },
            new() { Claim = "holds 5% between real checkpoints", Method = "combined", Constant = 0.05, Margin = -0.03, Measure = "type-I error, checkpoints" },
            new() { Claim = "detects an injected effect", Method = "combined", Constant = 0.8, Measure = "power, simulated, paired" },
            new() { Claim = "detects an effect injected into real scores", Method = "combined", Constant = 0.8, Measure = "power, checkpoints" },
        ],
    };

    private static double[] Simulated(ComparisonTest test, Trial<Sizes> t, SeedDesign design, double effect)
    {
        var scores = new SimulatedScores { Seeds = t.Settings.SimulatedSeeds, Examples = 50, Design = design, Effect = effect };
        return [test.RejectionRate(scores.Draw, design, t.Settings.Simulations, t.Seed.For($"simulate/{design}/{effect}"))];
    }

    private static double[] Checkpoints(ComparisonTest test, Trial<Sizes> t, double effect)
    {
        var scores = t.Shared("checkpoints", () => TrainSet(t));
        return [test.RejectionRate(random => NullSplits.Draw(scores, random, effect), SeedDesign.Unpaired, t.Settings.Splits, t.Seed.For($"split/{effect}"))];
    }

    private static ScoreMatrix TrainSet(Trial<Sizes> t)
    {
        using var testbed = TextTestbed.Open(new() { Domains = [new() { Name = "world", Source = t.Settings.Text }], ContextLength = 64, Tokenizer = new() { VocabularySize = 512 }, MaxHeldOutRows = 128 }, t.Work);
        var world = testbed["world"];
        var model = DecoderConfig.Llama(testbed.Tokenizer.VocabularySize, 64, width: 64, layers: 2, heads: 2);
        return MultiSeed.Scores(t.Settings.Checkpoints, t.Seed.For("checkpoints"), seed =>
        {
            var decoder = (Decoder)model.Build(seed);
            new Trainer(new() { Steps = t.Settings.Steps, Optimizer = new Training.Optimizers.AdamWConfig { LearningRate = 3e-3 } }, seed, t.Work).Fit(decoder, CausalLM.Objective(), world.Batches(16, seed.For("data")));
            return decoder;
        }, decoder => world.Losses(decoder, t.Work).ByRow, t.Work);
    }

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>Simulated comparisons a rate is measured on.</summary>
        [Range(1, int.MaxValue)]
        public int Simulations { get; init; } = 400;

        /// <summary>Seeds an arm of a simulated comparison has.</summary>
        [Range(2, 1000)]
        public int SimulatedSeeds { get; init; } = 20;

        /// <summary>Effect injected into simulated scores; a seed's own standard deviation is 0.5.</summary>
        public double Effect { get; init; } = 0.5;

        /// <summary>Models trained from one recipe.</summary>
        [Range(4, 1000)]
        public int Checkpoints { get; init; } = 10;

        /// <summary>Effect injected into real scores, nats a token.</summary>
        public double CheckpointEffect { get; init; } = 0.1;

        /// <summary>Training steps of each.</summary>
        [Range(1, int.MaxValue)]
        public int Steps { get; init; } = 120;

        /// <summary>Random splits of the checkpoint set.</summary>
        [Range(1, int.MaxValue)]
        public int Splits { get; init; } = 200;

        /// <summary>What the checkpoints read.</summary>
        public Data.SourceConfig Text { get; init; } = new WorldSourceConfig { World = new HmmTextConfig(), Documents = 400 };
    }
}
