using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Reuse.Growing;
using Heirloom.Worlds.Text;

namespace Heirloom.Reproductions.Reuse;

/// <summary>Starting a wide model from the neurons of a small one, and from those of the layers above.</summary>
public sealed class P046Bert2Bert : IPaper
{
    private const string Flops = "FLOPs to scratch's loss", Time = "time to scratch's loss", AllFlops = "FLOPs, the small model's included";

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
        Smoke = new() { Seeds = 1, Testbed = Worlds, Width = 16, HeadWidth = 8, Layers = 2, SmallSteps = 4, Steps = 8, Study = new() { Rows = 4, Rates = [0.01], EvaluateEvery = 4 } },
        Quick = new() { Seeds = 3 },
        Full = new() { Seeds = 5, Width = 192, Layers = 8, HeadWidth = 32, SmallSteps = 20_000, Steps = 20_000, Study = new() { Rows = 32, Rates = [3e-4, 1e-3, 3e-3], WarmUp = 500, EvaluateEvery = 200 } },
        Train =
        [
            new("FPI, untrained", t => new(Grown(t, new FunctionPreservingGrowthConfig()), new())),
            new("scratch", t => Scratch(t) with { Decoder = Scratch(t).Decoder.Copy() }),
            new("direct copy", t => Train(t, stages => stages.Fit(stages.Grow(() => Grown(t, new DirectCopyGrowthConfig())), Budget(t)))),
            new("StackBERT", t => Train(t, stages => stages.Fit(stages.Grow(() => Stacked(t, stages)), 0.75 * Budget(t)))),
            new("FPI", t => Train(t, stages => stages.Fit(stages.Grow(() => Grown(t, new FunctionPreservingGrowthConfig())), Budget(t)))),
            new("AKI", t => Train(t, stages => stages.Fit(stages.Grow(() => Grown(t, new AdvancedKnowledgeGrowthConfig())), Budget(t)))),
            new("AKI, two stages", t => Train(t, stages => stages.Fit(SubModelsFirst(t, stages), 0.875 * Budget(t)))),
        ],
        Measure =
        [
            new("largest change of a logit", Better.Lower, (m, t) => [LogitDistance.Max(Small(t).Decoder, m.Decoder, Text(t).HeldOut(), t.Work)]) { SameExamples = false, Only = ["FPI, untrained"] },
            new("text", Better.Lower, (m, t) => Text(t).Losses(m.Decoder, t.Work).ByRow) { Unit = "nats/token" },
            new(Flops, Better.Lower, (m, t) => [m.Compute.To(Goal(t)).Flops / Scratch(t).Compute.To(Goal(t)).Flops]) { Unit = "of scratch's", SameExamples = false, Only = Trained },
            new(Time, Better.Lower, (m, t) => [m.Compute.To(Goal(t)).Seconds / Scratch(t).Compute.To(Goal(t)).Seconds]) { Unit = "of scratch's", SameExamples = false, Only = Trained },
            new(AllFlops, Better.Lower, (m, t) => [(m.Compute.To(Goal(t)) + Small(t).Compute.Total).Flops / Scratch(t).Compute.To(Goal(t)).Flops]) { Unit = "of scratch's", SameExamples = false, Only = ["FPI", "AKI", "AKI, two stages"] },
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

    private static TextTestbedConfig Worlds => new()
    {
        Domains = [new() { Name = "text", Source = new WorldSourceConfig { World = new HmmTextConfig(), Documents = 120 } }],
        Tokenizer = new() { VocabularySize = 512 },
        ContextLength = 32,
        MaxHeldOutRows = 8,
    };

    private static TextTestbed Testbed(Trial<Sizes> t) => t.Shared("testbed", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private static TextDomain Text(Trial<Sizes> t) => Testbed(t)["text"];

    private static DecoderConfig Shape(Trial<Sizes> t, int factor = 1, int? layers = null) => DecoderConfig.Gpt2(
        Testbed(t).Tokenizer.VocabularySize, Testbed(t).ContextLength, factor * t.Settings.Width, layers ?? t.Settings.Layers, factor * t.Settings.Width / t.Settings.HeadWidth);

    private static double Budget(Trial<Sizes> t) => t.Settings.Study.Flops(Shape(t, 2), Text(t), t.Settings.Steps);

    private static ComputedModel Small(Trial<Sizes> t) => t.Shared("small", () => Train(
        t, stages => stages.Fit(Shape(t).Build(t.Seed.For("small")), t.Settings.Study.Flops(Shape(t), Text(t), t.Settings.SmallSteps)), "small text"));

    private static ComputedModel Scratch(Trial<Sizes> t) => t.Shared("scratch", () => Train(t, stages => stages.Fit(Shape(t, 2).Build(t.Seed.For("large")), Budget(t))));

    /// <summary>The validation loss at which scratch ends.</summary>
    private static double Goal(Trial<Sizes> t) => Scratch(t).Compute.Points[^1].Loss;

    private static Decoder Grown(Trial<Sizes> t, GrowthConfig method) => method.Grow(Small(t).Decoder, ModelSize.Of(Shape(t, 2)), t.Seed.For("growing"));

    /// <summary>A wide model of half the depth, trained from random weights for a quarter of the budget and stacked.</summary>
    private static Decoder Stacked(Trial<Sizes> t, StagedTraining stages)
    {
        using var shallow = stages.Fit(Shape(t, 2, t.Settings.Layers / 2).Build(t.Seed.For("large")), 0.25 * Budget(t));
        return new StackGrowthConfig().Grow(shallow, ModelSize.Of(Shape(t, 2)), t.Seed);
    }

    /// <summary>The first of the two stages: sub-models for an eighth of the budget.</summary>
    private static Decoder SubModelsFirst(Trial<Sizes> t, StagedTraining stages)
    {
        var model = stages.Grow(() => Grown(t, new AdvancedKnowledgeGrowthConfig()));
        var parts = new ElasticDepth<Decoder, TokenBatch>(CausalLM.Objective(), SubModels.Bottom(t.Settings.Layers, t.Settings.SubModelLayers));
        return stages.Fit(model, 0.125 * Budget(t), parts.Objective, layers: () => (parts.Last!.Depth, parts.Last.Trained));
    }

    /// <summary>Every arm with the same rows, the same rates to choose from and the same choice among them.</summary>
    private static ComputedModel Train(Trial<Sizes> t, Func<StagedTraining, Decoder> way, string data = "text")
    {
        var made = t.Settings.Study.Train(Text(t), t.Seed.For(data), t.Work, way);
        foreach (var (spent, loss) in data == "text" ? made.Compute.Points : [])
        {
            t.Plot("validation loss by FLOPs", spent.Flops, loss);
        }

        return made;
    }

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>The domain <c>text</c>.</summary>
        public TextTestbedConfig Testbed { get; init; } = new()
        {
            Domains = [new() { Name = "text", Source = new DataSetSourceConfig { Name = "brown" } }],
            ContextLength = 64,
            MaxHeldOutRows = 64,
        };

        public ComputeStudyConfig Study { get; init; } = new();

        /// <summary>Of the small model, a multiple of <see cref="HeadWidth"/>; the large one is twice as wide.</summary>
        [Range(2, 8192)]
        public int Width { get; init; } = 32;

        [Range(2, 1024)]
        public int HeadWidth { get; init; } = 16;

        /// <summary>Of both models, even.</summary>
        [Range(2, 1000)]
        public int Layers { get; init; } = 4;

        /// <summary>Layers by which sub-models differ.</summary>
        [Range(1, 1000)]
        public int SubModelLayers { get; init; } = 1;

        /// <summary>Steps of the small model.</summary>
        [Range(1, int.MaxValue)]
        public int SmallSteps { get; init; } = 200;

        /// <summary>The budget of every way, in steps of the large model.</summary>
        [Range(8, int.MaxValue)]
        public int Steps { get; init; } = 280;
    }
}
