using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Reuse.Growing;
using Heirloom.Training;

namespace Heirloom.Reproductions.Reuse;

/// <summary>Starting a wide model from copies of a small one.</summary>
public sealed class P040HyperCloning : IPaper
{
    public static Paper Describe() => new Paper<Sizes, Decoder>
    {
        Id = 40,
        Source = new("Scaling Smart: Accelerating Large Language Model Pre-training with Small Model Initialization", "Samragh et al.", 2024, new("https://arxiv.org/abs/2409.12903")),
        Claim = "A wide model cloned from a pretrained small one starts with its logits, learns several times as fast as from random weights and ends better.",
        Departures =
        [
            "decoders of under a million parameters on one domain of real text instead of OPT, Pythia and OLMo of 350M to 2.8B parameters on Dolma",
            "a tied head's factor 1/n stands in the last norm instead of in the head: the same function",
        ],
        Smoke = new() { Seeds = 1, Testbed = SmokeText.Testbed("text"), PretrainSteps = 6, Steps = 8, Decoder = new() { Width = 16, Layers = 1, HeadWidth = 16, Rows = 8 }, Rates = [0.01] },
        Quick = new() { Seeds = 3 },
        Full = new() { Seeds = 5, PretrainSteps = 20_000, Steps = 20_000, Decoder = new() { Width = 192, Layers = 8, HeadWidth = 16, Rows = 32 }, Rates = [5e-4, 1e-3, 2e-3, 4e-3] },
        Train =
        [
            new("clone, untrained", t => Clone(t, CloningVariant.NoisySymmetric)),
            new("plain clone, untrained", t => Clone(t, CloningVariant.Symmetric)),
            new("clone", t => Train(t, () => Clone(t, CloningVariant.NoisySymmetric), t.Settings.Steps)),
            new("plain clone", t => Train(t, () => Clone(t, CloningVariant.Symmetric), t.Settings.Steps)),
            new("clone, a quarter of the steps", t => Train(t, () => Clone(t, CloningVariant.NoisySymmetric), t.Settings.Steps / 4)),
            new("scratch", t => Train(t, () => Fresh(t), t.Settings.Steps)),
            new("scratch, a quarter of the steps", t => Train(t, () => Fresh(t), t.Settings.Steps / 4)),
            new("scratch, equal compute", t => Train(t, () => Fresh(t), t.Settings.Steps + SmallCost(t))),
        ],
        Measure =
        [
            new("largest change of a logit", Better.Lower, (m, t) => [LogitDistance.Max(Small(t), m, Text(t).HeldOut(), t.Work)]) { SameExamples = false, Only = ["clone, untrained", "plain clone, untrained"] },
            new("text", Better.Lower, (m, t) => Text(t).Losses(m, t.Work).ByRow) { Unit = "nats/token" },
        ],
        Findings =
        [
            new() { Claim = "a clone has the small model's logits", Method = "plain clone, untrained", Constant = 1e-3, Measure = "largest change of a logit" },
            new() { Claim = "… also with noise in its weights", Method = "clone, untrained", Constant = 1e-3, Measure = "largest change of a logit" },
            new() { Claim = "training takes it beyond the small model", Method = "clone", Baseline = "clone, untrained", Measure = "text" },
            new() { Claim = "a clone beats random weights at equal steps", Method = "clone", Baseline = "scratch", Measure = "text" },
            new() { Claim = "… and early", Method = "clone, a quarter of the steps", Baseline = "scratch, a quarter of the steps", Measure = "text" },
            new() { Claim = "a quarter of the steps is enough", Method = "clone, a quarter of the steps", Baseline = "scratch", Measure = "text" },
            new() { Claim = "it pays even when the small model's training is counted", Method = "clone", Baseline = "scratch, equal compute", Measure = "text" },
            new() { Claim = "noise that tells the copies apart helps", Method = "clone", Baseline = "plain clone", Measure = "text" },
        ],
    };

    private static TextDomain Text(Trial<Sizes> t) => Testbed(t)["text"];

    private static TextTestbed Testbed(Trial<Sizes> t) => t.Shared("testbed", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private static DecoderConfig Shape(Trial<Sizes> t) => t.Settings.Decoder.On(Testbed(t));

    private static Decoder Small(Trial<Sizes> t) => t.Shared("small", () => Train(t, () => Shape(t).Build(t.Seed.For("small")), t.Settings.PretrainSteps, "pretrain"));

    private static Decoder Clone(Trial<Sizes> t, CloningVariant variant) => HyperCloning.Expand(Small(t), t.Settings.Cloning with { Variant = variant }, t.Seed.For("noise"));

    private static Decoder Fresh(Trial<Sizes> t) => HyperCloning.Widen(Shape(t), t.Settings.Cloning.Factor).Build(t.Seed.For("large"));

    /// <summary>The small model's pretraining in steps of the large one, at 6 operations a token and parameter.</summary>
    private static int SmallCost(Trial<Sizes> t)
    {
        using var large = Fresh(t);
        return (int)Math.Ceiling(t.Settings.PretrainSteps * (double)Small(t).parameters().Sum(p => p.numel()) / large.parameters().Sum(p => p.numel()));
    }

    /// <summary>Every arm with the same schedule, the same grid of learning rates and the same choice among them.</summary>
    private static Decoder Train(Trial<Sizes> t, Func<Decoder> start, int steps, string data = "continue") => Tuning.Best(
        t.Settings.Rates,
        rate =>
        {
            var model = start();
            var config = new TrainingConfig { Steps = steps, Optimizer = t.Settings.Decoder.Optimizer with { LearningRate = rate } };
            new Trainer(config, t.Seed.For(data), t.Work).Fit(model, CausalLM.Objective(), Text(t).Batches(t.Settings.Decoder.Rows, t.Seed.For($"{data} batches")));
            return model;
        },
        model => Text(t).Losses(model, t.Work, SplitPart.Validation).Mean);

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>The domain <c>text</c>.</summary>
        public TextTestbedConfig Testbed { get; init; } = new()
        {
            Domains = [new() { Name = "text", Source = new DataSetSourceConfig { Name = "brown" } }],
            ContextLength = 64,
            MaxHeldOutRows = 128,
        };

        public HyperCloningConfig Cloning { get; init; } = new();

        /// <summary>The small model; its learning rate is chosen among <see cref="Rates"/>.</summary>
        public StudyDecoderConfig Decoder { get; init; } = new() { Width = 48, Layers = 2, HeadWidth = 16, Rows = 8 };

        /// <summary>The small model's steps.</summary>
        [Range(1, int.MaxValue)]
        public int PretrainSteps { get; init; } = 300;

        /// <summary>The large model's steps.</summary>
        [Range(4, int.MaxValue)]
        public int Steps { get; init; } = 120;

        /// <summary>Learning rates that every arm tries; validation text chooses.</summary>
        public ImmutableArray<double> Rates { get; init; } = [1.5e-3, 5e-3];
    }
}
