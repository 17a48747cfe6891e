using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Reuse.Growing;

namespace Heirloom.Reproductions.Reuse;

/// <summary>Starting a wide model from the neurons of a small one, and from those of the layers above.</summary>
public sealed class P046Bert2Bert : IPaper
{
    private const string Flops = ComputeStudy<Sizes>.Flops, Time = ComputeStudy<Sizes>.Time, AllFlops = "FLOPs, the small model's included";

    public static Paper Describe() => new Paper<Sizes, ComputedModel>
    {
        Id = 46,
        Source = new("bert2BERT: Towards Reusable Pretrained Language Models", "Chen et al.", 2022, new("https://arxiv.org/abs/2110.07143")),
        Claim = "A large model that starts from a small one's neurons, new ones taken from the layer above, and trains its lower layers first, saves close to half of the compute of pretraining.",
        Departures =
        [
            "GPT-2-type decoders of under a million parameters on one domain of real text instead of BERT and GPT of 110M on Wikipedia and books",
            "copies are drawn without replacement, so that growing to a multiple preserves the function exactly; width doubles instead of growing by half",
            "a constant learning rate after warm-up, the same for all, so that a loss counts when it is reached and not when a schedule ends; each stage starts its optimizer afresh",
            "StackBERT in one doubling after a quarter of the budget; sub-models for an eighth of it (5 of 40 epochs in the paper)",
        ],
        Smoke = new() { Seeds = 1, Testbed = SmokeText.Testbed("text"), Width = 16, HeadWidth = 8, Layers = 2, SmallSteps = 4, Steps = 8, Study = new() { Rows = 4, Rates = [0.01], EvaluateEvery = 4 } },
        Quick = new() { Seeds = 3, Steps = 280 },
        Full = new() { Seeds = 5, Width = 192, Layers = 8, HeadWidth = 32, SmallSteps = 20_000, Steps = 20_000, Study = new() { Rows = 32, Rates = [3e-4, 1e-3, 3e-3], WarmUp = 500, EvaluateEvery = 200 } },
        Train =
        [
            new("FPI, untrained", t => new(Grown(t, new FunctionPreservingGrowthConfig()), new())),
            s_study.FromScratch,
            new("direct copy", t => s_study.Train(t, stages => stages.Fit(stages.Grow(() => Grown(t, new DirectCopyGrowthConfig())), s_study.Budget(t)))),
            new("StackBERT", t => s_study.Train(t, stages => stages.Fit(stages.Grow(() => Stacked(t, stages)), 0.75 * s_study.Budget(t)))),
            new("FPI", t => s_study.Train(t, stages => stages.Fit(stages.Grow(() => Grown(t, new FunctionPreservingGrowthConfig())), s_study.Budget(t)))),
            new("AKI", t => s_study.Train(t, stages => stages.Fit(stages.Grow(() => Grown(t, new AdvancedKnowledgeGrowthConfig())), s_study.Budget(t)))),
            new("AKI, two stages", t => s_study.Train(t, stages => stages.Fit(SubModelsFirst(t, stages), 0.875 * s_study.Budget(t)))),
        ],
        Measure =
        [
            new("largest change of a logit", Better.Lower, (m, t) => [LogitDistance.Max(Small(t).Decoder, m.Decoder, s_study.Text(t).HeldOut(), t.Work)]) { SameExamples = false, Only = ["FPI, untrained"] },
            .. s_study.Measurements(Trained),
            new(AllFlops, Better.Lower, (m, t) => [s_study.FlopsToGoal(t, m, before: Small(t).Compute.Total.Flops)]) { Unit = "of scratch's", SameExamples = false, Only = ["FPI", "AKI", "AKI, two stages"] },
        ],
        Findings =
        [
            new() { Claim = "function-preserving initialization preserves the function", Method = "FPI, untrained", Constant = 1e-3, Measure = "largest change of a logit" },
            new() { Claim = "two-stage AKI reaches scratch's loss with fewer FLOPs", Method = "AKI, two stages", Constant = 1, Measure = Flops },
            new() { Claim = "… and in less time", Method = "AKI, two stages", Constant = 1, Measure = Time },
            new() { Claim = "… saving at least a quarter", Method = "AKI, two stages", Constant = 0.75, Measure = Flops },
            new() { Claim = "… with fewer than StackBERT", Method = "AKI, two stages", Baseline = "StackBERT", Measure = Flops },
            new() { Claim = "… with fewer than direct copies", Method = "AKI, two stages", Baseline = "direct copy", Measure = Flops },
            new() { Claim = "neurons of the layer above are better than a layer's own", Method = "AKI", Baseline = "FPI", Measure = Flops },
            new() { Claim = "training lower layers first helps", Method = "AKI, two stages", Baseline = "AKI", Measure = Flops },
            new() { Claim = "at equal FLOPs it ends better than scratch", Method = "AKI, two stages", Baseline = "scratch", Measure = "text" },
            new() { Claim = "it pays even when the small model's training is counted", Method = "AKI, two stages", Constant = 1, Measure = AllFlops },
        ],
    };

    private static ImmutableArray<string> Trained => ["scratch", "direct copy", "StackBERT", "FPI", "AKI", "AKI, two stages"];

    private static readonly ComputeStudy<Sizes> s_study = new(s => (2 * s.Width, s.Layers));

    private static ComputedModel Small(Trial<Sizes> t) => s_study.Before(t, "small", stages =>
    {
        var shape = s_study.Shape(t, t.Settings.Width, t.Settings.Layers);
        return stages.Fit(shape.Build(t.Seed.For("small model")), t.Settings.Study.Flops(shape, s_study.Text(t), t.Settings.SmallSteps));
    });

    private static Decoder Grown(Trial<Sizes> t, GrowthConfig method) => method.Grow(Small(t).Decoder, ModelSize.Of(s_study.Whole(t)), t.Seed.For("growing"));

    /// <summary>A wide model of half the depth, trained from random weights for a quarter of the budget and stacked.</summary>
    private static Decoder Stacked(Trial<Sizes> t, StagedTraining stages)
    {
        using var shallow = stages.Fit(s_study.Shape(t, 2 * t.Settings.Width, t.Settings.Layers / 2).Build(t.Seed.For("model")), 0.25 * s_study.Budget(t));
        return new StackGrowthConfig().Grow(shallow, ModelSize.Of(s_study.Whole(t)), t.Seed);
    }

    /// <summary>The first of the two stages: sub-models for an eighth of the budget.</summary>
    private static Decoder SubModelsFirst(Trial<Sizes> t, StagedTraining stages)
    {
        var model = stages.Grow(() => Grown(t, new AdvancedKnowledgeGrowthConfig()));
        var parts = new ElasticDepth<Decoder, TokenBatch>(CausalLM.Objective(), SubModels.Bottom(t.Settings.Layers, t.Settings.SubModelLayers));
        return stages.Fit(model, 0.125 * s_study.Budget(t), parts.Objective, layers: () => (parts.Last!.Depth, parts.Last.Trained));
    }

    public sealed record Sizes : ComputeStudySettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>Of the small model, a multiple of <see cref="ComputeStudySettings.HeadWidth"/>; the large one is twice as wide.</summary>
        [Range(2, 8192)]
        public int Width { get; init; } = 32;

        /// <summary>Of both models, even.</summary>
        [Range(2, 1000)]
        public int Layers { get; init; } = 4;

        /// <summary>Layers by which sub-models differ.</summary>
        [Range(1, 1000)]
        public int SubModelLayers { get; init; } = 1;

        /// <summary>Steps of the small model.</summary>
        [Range(1, int.MaxValue)]
        public int SmallSteps { get; init; } = 200;
    }
}
