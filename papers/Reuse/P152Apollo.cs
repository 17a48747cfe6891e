using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Reuse.Growing;
using Heirloom.Worlds.Text;

namespace Heirloom.Reproductions.Reuse;

/// <summary>Few layers that learn at many depths what they will have to do once they are as many.</summary>
public sealed class P152Apollo : IPaper
{
    private const string Flops = "FLOPs to scratch's loss", Time = "time to scratch's loss";

    public static Paper Describe() => new Paper<Sizes, ComputedModel>
    {
        Id = 152,
        Source = new("Preparing Lessons for Progressive Training on Language Models", "Pan et al.", 2024, new("https://arxiv.org/abs/2401.09192")),
        Claim = "Progressive training is faster when the few layers of an early stage run at sampled larger depths, seldom at the largest, and when depth grows by interpolation and not by stacking.",
        Departures =
        [
            "GPT-2-type decoders of six layers and under a million parameters on one domain of real text instead of BERT and GPT-2 of twelve layers on Wikipedia and books",
            "stages of 1, 3 and 6 layers end after shares of the compute (8% and 25%) instead of after 5%, 10% and 25% of the epochs of 1, 3, 6 and 12 layers",
            "a constant learning rate after warm-up, the same for all, so that a loss counts when it is reached and not when a schedule ends; each stage starts its optimizer afresh",
        ],
        Smoke = new() { Seeds = 1, Testbed = Worlds, Width = 16, HeadWidth = 8, Stages = [1, 2], Ends = [0.25], Steps = 8, Study = new() { Rows = 4, Rates = [0.01], EvaluateEvery = 4 } },
        Quick = new() { Seeds = 3 },
        Full = new() { Seeds = 5, Width = 192, HeadWidth = 32, Stages = [1, 3, 6, 12], Ends = [0.05, 0.1, 0.25], Steps = 20_000, Study = new() { Rows = 32, Rates = [3e-4, 1e-3, 3e-3], WarmUp = 500, EvaluateEvery = 200 } },
        Train =
        [
            new("scratch", t => Scratch(t) with { Decoder = Scratch(t).Decoder.Copy() }),
            new("stacking", t => Train(t, stages => Progressive(t, stages, new StackGrowthConfig(), null))),
            new("interpolation", t => Train(t, stages => Progressive(t, stages, new InterpolateGrowthConfig(), null))),
            new("uniform depths", t => Train(t, stages => Progressive(t, stages, new InterpolateGrowthConfig(), (own, full) => ApolloDepths.Uniform(own, full)))),
            new("Apollo", t => Train(t, stages => Progressive(t, stages, new InterpolateGrowthConfig(), (own, full) => ApolloDepths.Sampler(own, full)))),
        ],
        Measure =
        [
            new("text", Better.Lower, (m, t) => Text(t).Losses(m.Decoder, t.Work).ByRow) { Unit = "nats/token" },
            new(Flops, Better.Lower, (m, t) => [m.Compute.To(Goal(t)).Flops / Scratch(t).Compute.To(Goal(t)).Flops]) { Unit = "of scratch's", SameExamples = false },
            new(Time, Better.Lower, (m, t) => [m.Compute.To(Goal(t)).Seconds / Scratch(t).Compute.To(Goal(t)).Seconds]) { Unit = "of scratch's", SameExamples = false },
        ],
        Findings =
        [
            new() { Claim = "it reaches scratch's loss with fewer FLOPs", Method = "Apollo", Constant = 1, Measure = Flops },
            new() { Claim = "… and in less time", Method = "Apollo", Constant = 1, Measure = Time },
            new() { Claim = "… with fewer than stacking", Method = "Apollo", Baseline = "stacking", Measure = Flops },
            new() { Claim = "interpolation alone is better than stacking", Method = "interpolation", Baseline = "stacking", Measure = Flops },
            new() { Claim = "lessons help beyond interpolation", Method = "Apollo", Baseline = "interpolation", Measure = Flops },
            new() { Claim = "small depths drawn more often are better than all alike", Method = "Apollo", Baseline = "uniform depths", Measure = Flops },
            new() { Claim = "at equal FLOPs it ends no worse than scratch", Method = "Apollo", Baseline = "scratch", Measure = "text", Margin = -0.01 },
            new() { Claim = "… and better than stacking", Method = "Apollo", Baseline = "stacking", Measure = "text" },
        ],
    };

    private static TextTestbedConfig Worlds => new()
    {
        Domains = [new() { Name = "text", Source = new WorldSourceConfig { World = new HmmTextConfig(), Documents = 120 } }],
        Tokenizer = new() { VocabularySize = 512 },
        ContextLength = 32,
        MaxHeldOutRows = 8,
    };

    private static TextTestbed Testbed(Trial<Sizes> t) => t.Shared("testbed", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private static TextDomain Text(Trial<Sizes> t) => Testbed(t)["text"];

    private static DecoderConfig Shape(Trial<Sizes> t, int layers) =>
        DecoderConfig.Gpt2(Testbed(t).Tokenizer.VocabularySize, Testbed(t).ContextLength, t.Settings.Width, layers, t.Settings.Width / t.Settings.HeadWidth);

    private static double Budget(Trial<Sizes> t) => t.Settings.Study.Flops(Shape(t, t.Settings.Stages[^1]), Text(t), t.Settings.Steps);

    private static ComputedModel Scratch(Trial<Sizes> t) => t.Shared("scratch", () => Train(t, stages => stages.Fit(Shape(t, t.Settings.Stages[^1]).Build(t.Seed.For("model")), Budget(t))));

    /// <summary>The validation loss at which scratch ends.</summary>
    private static double Goal(Trial<Sizes> t) => Scratch(t).Compute.Points[^1].Loss;

    /// <summary>Trains ever deeper models, each for its share of the budget; where there are depths to draw, all but the last at those.</summary>
    private static Decoder Progressive(Trial<Sizes> t, StagedTraining stages, GrowthConfig growth, Func<int, int, DepthSampler>? lessons)
    {
        var (sizes, model) = (t.Settings.Stages, Shape(t, t.Settings.Stages[0]).Build(t.Seed.For("model")));
        for (var i = 0; i < sizes.Length; i++)
        {
            var share = (i < t.Settings.Ends.Length ? t.Settings.Ends[i] : 1) - (i > 0 ? t.Settings.Ends[i - 1] : 0);
            var parts = lessons is null || i + 1 == sizes.Length ? null : new ElasticDepth<Decoder, TokenBatch>(CausalLM.Objective(), lessons(sizes[i], sizes[^1]));
            stages.Fit(model, share * Budget(t), parts is null ? null : parts.Objective, parts is null ? null : () => (parts.Last!.Depth, parts.Last.Trained));
            if (i + 1 < sizes.Length)
            {
                using var shallow = model;
                model = stages.Grow(() => growth.Grow(shallow, ModelSize.Of(Shape(t, sizes[i + 1])), t.Seed));
            }
        }

        return model;
    }

    /// <summary>Every arm with the same rows, the same rates to choose from and the same choice among them.</summary>
    private static ComputedModel Train(Trial<Sizes> t, Func<StagedTraining, Decoder> way)
    {
        var made = t.Settings.Study.Train(Text(t), t.Seed.For("text"), t.Work, way);
        foreach (var (spent, loss) in made.Compute.Points)
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

        /// <summary>A multiple of <see cref="HeadWidth"/>.</summary>
        [Range(2, 8192)]
        public int Width { get; init; } = 48;

        [Range(2, 1024)]
        public int HeadWidth { get; init; } = 16;

        /// <summary>Layers of each stage; the last is the whole model's number.</summary>
        public ImmutableArray<int> Stages { get; init; } = [1, 3, 6];

        /// <summary>Shares of the budget after which all stages but the last end.</summary>
        public ImmutableArray<double> Ends { get; init; } = [0.08, 0.25];

        /// <summary>The budget of every way, in steps of the whole model.</summary>
        [Range(8, int.MaxValue)]
        public int Steps { get; init; } = 200;
    }
}
