using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Papers;
using Heirloom.Reuse.Growing;

namespace Heirloom.Reproductions.Reuse;

/// <summary>Growing in every dimension under masks, so that the function is kept exactly whatever the new weights are.</summary>
public sealed class P108MaskedStructuralGrowth : IPaper
{
    private const string Change = "largest change of a logit", Flops = ComputeStudy<Sizes>.Flops, Time = ComputeStudy<Sizes>.Time;

    public static Paper Describe() => new Paper<Sizes, ComputedModel>
    {
        Id = 108,
        Source = new("Masked Structural Growth for 2x Faster Language Model Pre-training", "Yao et al.", 2024, new("https://arxiv.org/abs/2305.02869")),
        Claim = "Growing width, heads, feed-forward and depth by a schedule, under masks that keep the function exactly even through layer norms, pretrains up to twice as fast and as well.",
        Departures =
        [
            "GPT-2-type decoders of under a million parameters on one domain of real text instead of BERT and GPT-2 on Wikipedia and books",
            "two growths, first of width, heads and feed-forward together, then of depth, instead of a longer schedule found by search",
            "a constant learning rate after warm-up, the same for all, so that a loss counts when it is reached and not when a schedule ends; each stage starts its optimizer afresh instead of carrying moments over",
            "masks act where the stream is read (in norms) and where heads and neurons are read: the same function at every value of theirs at both ends, with fewer multiplications",
        ],
        Smoke = new() { Seeds = 1, Testbed = SmokeText.Testbed("text"), Widths = [16, 24], Layers = [1, 2], Ends = [0.5], HeadWidth = 8, MaskSteps = 2, Steps = 8, Study = new() { Rows = 4, Rates = [0.01], EvaluateEvery = 4 } },
        Quick = new() { Seeds = 3 },
        Full = new() { Seeds = 5, Widths = [128, 192, 192], Layers = [6, 6, 12], HeadWidth = 32, MaskSteps = 1000, Steps = 20_000, Study = new() { Rows = 32, Rates = [3e-4, 1e-3, 3e-3], WarmUp = 500, EvaluateEvery = 200 } },
        Train =
        [
            new("masks, untrained", t => new(new MaskedGrowth<Decoder>(First(t), Size(t, ^1), t.Seed.For("growing")).Model, new())),
            new("copies, untrained", t => new(new FunctionPreservingGrowthConfig().Grow(First(t), Size(t, ^1) with { Layers = Size(t, 0).Layers }, t.Seed.For("growing")), new())),
            s_study.FromScratch,
            new("stacking", t => s_study.Train(t, stages => Staged(t, stages, t.Settings.Widths.Select(_ => t.Settings.Widths[^1]), (small, i) => new StackGrowthConfig().Grow(small, Size(t, i) with { Width = Size(t, ^1).Width }, t.Seed)))),
            new("copies", t => s_study.Train(t, stages => Staged(t, stages, t.Settings.Widths, (small, i) => new FunctionPreservingGrowthConfig().Grow(small, Size(t, i), t.Seed.For("growing", i))))),
            new("masks", t => s_study.Train(t, stages => Masked(t, stages))),
        ],
        Measure =
        [
            new(Change, Better.Lower, (m, t) => [LogitDistance.Max(First(t), m.Decoder, s_study.Text(t).HeldOut(), t.Work)]) { SameExamples = false, Only = ["masks, untrained", "copies, untrained"] },
            .. s_study.Measurements(Trained),
        ],
        Findings =
        [
            new() { Claim = "masks preserve the function through layer norms, in all dimensions and to no multiples", Method = "masks, untrained", Constant = 1e-4, Measure = Change },
            new() { Claim = "… which copies do not", Method = "masks, untrained", Baseline = "copies, untrained", Measure = Change },
            new() { Claim = "growing under masks reaches scratch's loss with fewer FLOPs", Method = "masks", Constant = 1, Measure = Flops },
            new() { Claim = "… and in less time", Method = "masks", Constant = 1, Measure = Time },
            new() { Claim = "… with fewer than growing by copies", Method = "masks", Baseline = "copies", Measure = Flops },
            new() { Claim = "… with fewer than stacking", Method = "masks", Baseline = "stacking", Measure = Flops },
            new() { Claim = "at equal FLOPs it ends no worse than scratch", Method = "masks", Baseline = "scratch", Measure = "text", Margin = -0.01 },
        ],
    };

    private static ImmutableArray<string> Trained => ["scratch", "stacking", "copies", "masks"];

    private static readonly ComputeStudy<Sizes> s_study = new(s => (s.Widths[^1], s.Layers[^1]));

    private static ModelSize Size(Trial<Sizes> t, Index stage) => ModelSize.Of(s_study.Shape(t, t.Settings.Widths[stage], t.Settings.Layers[stage]));

    private static double Share(Trial<Sizes> t, int stage) => (stage < t.Settings.Ends.Length ? t.Settings.Ends[stage] : 1) - (stage > 0 ? t.Settings.Ends[stage - 1] : 0);

    /// <summary>The model of the first stage, trained for its share.</summary>
    private static Decoder First(Trial<Sizes> t) => s_study.Before(t, "first", stages => FirstStage(t, stages, t.Settings.Widths[0])).Decoder;

    private static Decoder FirstStage(Trial<Sizes> t, StagedTraining stages, int width) =>
        stages.Fit(s_study.Shape(t, width, t.Settings.Layers[0]).Build(t.Seed.For("model")), Share(t, 0) * s_study.Budget(t));

    private static Decoder Staged(Trial<Sizes> t, StagedTraining stages, IEnumerable<int> widths, Func<Decoder, int, Decoder> grow)
    {
        var model = FirstStage(t, stages, widths.First());
        for (var i = 1; i < t.Settings.Layers.Length; i++)
        {
            using var small = model;
            var stage = i;
            model = stages.Fit(stages.Grow(() => grow(small, stage)), Share(t, i) * s_study.Budget(t));
        }

        return model;
    }

    private static Decoder Masked(Trial<Sizes> t, StagedTraining stages)
    {
        var model = FirstStage(t, stages, t.Settings.Widths[0]);
        for (var i = 1; i < t.Settings.Layers.Length; i++)
        {
            using var small = model;
            MaskedGrowth<Decoder>? growth = null;
            var stage = i;
            model = stages.Grow(() => (growth = new(small, Size(t, stage), t.Seed.For("growing", stage))).Model);
            stages.Fit(model, Share(t, i) * s_study.Budget(t), hooks: new MaskSchedule<Decoder>(growth!, t.Settings.MaskSteps));
            growth!.Dispose();
        }

        return model;
    }

    public sealed record Sizes : ComputeStudySettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>Width of each stage, a multiple of <see cref="ComputeStudySettings.HeadWidth"/>; heads and feed-forward go with it.</summary>
        public ImmutableArray<int> Widths { get; init; } = [32, 48, 48];

        /// <summary>Layers of each stage.</summary>
        public ImmutableArray<int> Layers { get; init; } = [3, 3, 6];

        /// <summary>Shares of the budget after which all stages but the last end.</summary>
        public ImmutableArray<double> Ends { get; init; } = [0.15, 0.4];

        /// <summary>Steps over which masks rise after a growth.</summary>
        [Range(1, int.MaxValue)]
        public int MaskSteps { get; init; } = 20;
    }
}
