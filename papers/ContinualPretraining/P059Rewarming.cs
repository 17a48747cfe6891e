using System.ComponentModel.DataAnnotations;
using Heirloom.Data.Sets;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Schedules;

namespace Heirloom.Reproductions.ContinualPretraining;

/// <summary>Re-warming the learning rate when pretraining goes on with new data.</summary>
public sealed class P059Rewarming : IPaper
{
    public static Paper Describe() => new Paper<Sizes, Continued>
    {
        Id = 59,
        Source = new("Continual Pre-Training of Large Language Models: How to (re)warm your model?", "Gupta et al.", 2023, new("https://arxiv.org/abs/2308.04014")),
        Claim = "Re-warming the learning rate hurts at first and wins later; a model continued that way beats one from scratch on the new data, and a higher maximum trades old data for new.",
        Departures =
        [
            "a decoder of under a million parameters instead of Pythia 410M, on presidents' speeches and then the Brown corpus instead of the Pile and then SlimPajama",
            "one maximum learning rate with its half, and warm-ups of 0, 10 and 20% of a hundred steps in the quick profile, instead of the paper's grids over maximum, length (0 to 2% of far more steps) and checkpoint; scratch has the same maximum",
            "model parallelism is left out: it is no part of the claim",
        ],
        Smoke = new() { Seeds = 1, Testbed = SmokeText.Testbed("old", "new"), PretrainSteps = 6, Steps = 6, EarlyStep = 2, Decoder = new() { Width = 32, Layers = 1 } },
        Quick = new() { Seeds = 3 },
        Full = new() { Seeds = 5, PretrainSteps = 10_000, Steps = 10_000, EarlyStep = 500, WarmUp = 0.01, Decoder = new() { Width = 256, Layers = 6 } },
        Train =
        [
            new("constant minimum", t => Continue(t, Base(t), new ConstantConfig(), 0.1)),
            new("re-warmed", t => Continue(t, Base(t), new RewarmedConfig { WarmUp = t.Settings.WarmUp })),
            new("re-warmed at once", t => Continue(t, Base(t), new RewarmedConfig { WarmUp = 0 })),
            new("re-warmed twice as long", t => Continue(t, Base(t), new RewarmedConfig { WarmUp = 2 * t.Settings.WarmUp })),
            new("re-warmed to half", t => Continue(t, Base(t), new RewarmedConfig { WarmUp = t.Settings.WarmUp, Start = 0.2, Final = 0.2 }, 0.5)),
            new("scratch", t => Continue(t, Fresh(t), new CosineConfig { WarmUp = t.Settings.WarmUp })),
        ],
        Measure =
        [
            new("new text, early", Better.Lower, (m, t) => Text(t)["new"].Losses(m.Early, t.Work).ByRow) { Unit = "nats/token" },
            new("new text", Better.Lower, (m, t) => Text(t)["new"].Losses(m.Final, t.Work).ByRow) { Unit = "nats/token" },
            new("old text", Better.Lower, (m, t) => Text(t)["old"].Losses(m.Final, t.Work).ByRow) { Unit = "nats/token" },
        ],
        Findings =
        [
            new() { Claim = "re-warming hurts first", Method = "constant minimum", Baseline = "re-warmed", Measure = "new text, early" },
            new() { Claim = "re-warming wins later", Method = "re-warmed", Baseline = "constant minimum", Measure = "new text" },
            new() { Claim = "continuing beats scratch", Method = "re-warmed", Baseline = "scratch", Measure = "new text" },
            new() { Claim = "a higher maximum learns more of the new", Method = "re-warmed", Baseline = "re-warmed to half", Measure = "new text" },
            new() { Claim = "a higher maximum forgets more of the old", Method = "re-warmed to half", Baseline = "re-warmed", Measure = "old text" },
            new() { Claim = "the length of the warm-up does not matter: none is as good", Method = "re-warmed at once", Baseline = "re-warmed", Measure = "new text", Margin = -0.05 },
            new() { Claim = "… twice the length is as good", Method = "re-warmed twice as long", Baseline = "re-warmed", Measure = "new text", Margin = -0.05 },
        ],
    };

    private static TextTestbed Text(Trial<Sizes> t) => t.Shared("text", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private static Decoder Fresh(Trial<Sizes> t) => t.Settings.Decoder.On(Text(t)).Build(t.Seed.For("init"));

    private static Decoder Base(Trial<Sizes> t) => t.Shared("base", () =>
    {
        var model = Fresh(t);
        var config = new TrainingConfig { Steps = t.Settings.PretrainSteps, Optimizer = t.Settings.Decoder.Optimizer };
        new Trainer(config, t.Seed.For("pretrain"), t.Work).Fit(model, CausalLM.Objective(), Text(t)["old"].Batches(t.Settings.Decoder.Rows, t.Seed.For("old")));
        return model;
    }).Copy();

    private static Continued Continue(Trial<Sizes> t, Decoder model, ScheduleConfig schedule, double ofMaximum = 1)
    {
        var early = new KeepCopy<Decoder>(t.Settings.EarlyStep);
        var optimizer = t.Settings.Decoder.Optimizer with { LearningRate = t.Settings.Decoder.Optimizer.LearningRate * ofMaximum };
        var config = new TrainingConfig { Steps = t.Settings.Steps, Optimizer = optimizer, Schedule = schedule };
        new Trainer(config, t.Seed.For("continue"), t.Work).Fit(
            model, CausalLM.Objective(), Text(t)["new"].Batches(t.Settings.Decoder.Rows, t.Seed.For("new")), hooks: early);
        return new(early.Copy ?? model.Copy(), model);
    }

    /// <summary>A model early in its continuation and at the end of it.</summary>
    public sealed record Continued(Decoder Early, Decoder Final) : IDisposable
    {
        public void Dispose()
        {
            Early.Dispose();
            Final.Dispose();
        }
    }

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>The domains <c>old</c> and <c>new</c>.</summary>
        public TextTestbedConfig Testbed { get; init; } = new()
        {
            Domains =
            [
                new() { Name = "old", Source = new DataSetSourceConfig { Name = "sotu" } },
                new() { Name = "new", Source = new DataSetSourceConfig { Name = "brown" } },
            ],
            ContextLength = 64,
            MaxHeldOutRows = 128,
        };

        /// <summary>Its learning rate is the maximum η_max; the minimum is a tenth of it.</summary>
        public StudyDecoderConfig Decoder { get; init; } = new();

        [Range(1, int.MaxValue)]
        public int PretrainSteps { get; init; } = 160;

        /// <summary>Steps of continuation.</summary>
        [Range(1, int.MaxValue)]
        public int Steps { get; init; } = 100;

        /// <summary>Share of the continuation that the rate climbs.</summary>
        [Range(0.0, 0.5)]
        public double WarmUp { get; init; } = 0.1;

        /// <summary>The step that counts as early.</summary>
        [Range(1, int.MaxValue)]
        public int EarlyStep { get; init; } = 8;
    }
}
