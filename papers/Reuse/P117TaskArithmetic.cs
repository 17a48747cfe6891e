using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Reuse.Merging;
using Heirloom.Training;
using Heirloom.Training.Optimizers;

namespace Heirloom.Reproductions.Reuse;

/// <summary>Editing models by arithmetic on what fine-tuning changed.</summary>
public sealed class P117TaskArithmetic : IPaper
{
    public static Paper Describe() => new Paper<Sizes, Decoder>
    {
        Id = 117,
        Source = new("Editing Models with Task Arithmetic", "Ilharco et al.", 2023, new("https://arxiv.org/abs/2212.04089")),
        Claim = "Negating a task vector makes a model forget a task and keeps the rest; adding two gives a model that does both; an analogy of three improves a fourth task without its data.",
        Departures =
        [
            "language models of under a million parameters on domains of real text instead of CLIP and GPT-2; a task is a domain, its score the loss on held-out text of it",
            "the quick profile chooses among six scales where the paper has twenty-one; beside gradient ascent as published (steps and rate of fine-tuning) stands one whose rate is chosen as the scales are",
            "the scale of an analogy, and of its controls, is chosen on validation text of the task that it is for",
            "the control may lose a twentieth of a nat (5% of perplexity) where the paper asks for 95% of control accuracy",
        ],
        Smoke = new() { Seeds = 1, Testbed = SmokeText.Testbed("general forget first second a b c d".Split(' ')), PretrainSteps = 6, TuneSteps = 3, Decoder = new() { Width = 32, Layers = 1 }, Scales = [0.5, 1] },
        Quick = new() { Seeds = 3 },
        Full = new() { Seeds = 5, PretrainSteps = 10_000, TuneSteps = 1000, Decoder = new() { Width = 256, Layers = 6 }, Scales = [.. ScaleSearch.PublishedGrid] },
        Train =
        [
            new("pretrained", t => Base(t).Copy()),
            new("negated", t => Forget(t, vector => -vector)),
            new("negated random vector", t => Forget(t, vector => vector.RandomLike(t.Seed.For("random")))),
            new("gradient ascent", t => Tune(t, "forget", ascend: true)),
            new("gradient ascent, tuned", Ascend),
            new("added", t => Add(t, ["first", "second"])),
            new("first alone", t => Add(t, ["first"])),
            new("second alone", t => Add(t, ["second"])),
            new("analogy", t => Unseen(t, TaskVector.Analogy(Vector(t, "a"), Vector(t, "b"), Vector(t, "c")))),
            new("b alone", t => Unseen(t, 1 * Vector(t, "b"))),
            new("c alone", t => Unseen(t, 1 * Vector(t, "c"))),
        ],
        Measure =
        [
            new("text to forget", Better.Higher, (m, t) => Text(t)["forget"].Losses(m, t.Work).ByRow) { Unit = "nats/token", Only = ["pretrained", "negated", "negated random vector", "gradient ascent", "gradient ascent, tuned"] },
            new("control text", Better.Lower, (m, t) => Text(t)["general"].Losses(m, t.Work).ByRow) { Unit = "nats/token", Only = ["pretrained", "negated", "negated random vector", "gradient ascent", "gradient ascent, tuned"] },
            new("both texts", Better.Lower, (m, t) => [.. Text(t)["first"].Losses(m, t.Work).ByRow, .. Text(t)["second"].Losses(m, t.Work).ByRow]) { Unit = "nats/token", Only = ["pretrained", "added", "first alone", "second alone"] },
            new("unseen text", Better.Lower, (m, t) => Text(t)["d"].Losses(m, t.Work).ByRow) { Unit = "nats/token", Only = ["pretrained", "analogy", "b alone", "c alone"] },
        ],
        Findings =
        [
            new() { Claim = "negation forgets", Method = "negated", Baseline = "pretrained", Measure = "text to forget" },
            new() { Claim = "… and keeps the control", Method = "negated", Baseline = "pretrained", Measure = "control text", Margin = -0.06 },
            new() { Claim = "a random vector of the same length forgets less", Method = "negated", Baseline = "negated random vector", Measure = "text to forget" },
            new() { Claim = "gradient ascent destroys the control", Method = "negated", Baseline = "gradient ascent", Measure = "control text" },
            new() { Claim = "… and forgets less where it may not", Method = "negated", Baseline = "gradient ascent, tuned", Measure = "text to forget" },
            new() { Claim = "a sum learns both tasks", Method = "added", Baseline = "pretrained", Measure = "both texts" },
            new() { Claim = "… better than the first alone", Method = "added", Baseline = "first alone", Measure = "both texts" },
            new() { Claim = "… better than the second alone", Method = "added", Baseline = "second alone", Measure = "both texts" },
            new() { Claim = "an analogy improves a task without its training data", Method = "analogy", Baseline = "pretrained", Measure = "unseen text" },
            new() { Claim = "… more than the vector of one related task", Method = "analogy", Baseline = "b alone", Measure = "unseen text" },
            new() { Claim = "… or of the other", Method = "analogy", Baseline = "c alone", Measure = "unseen text" },
        ],
    };

    private static TextTestbed Text(Trial<Sizes> t) => t.Shared("text", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private static Decoder Base(Trial<Sizes> t) => t.Shared("base", () =>
    {
        var model = t.Settings.Decoder.On(Text(t)).Build(t.Seed.For("init"));
        Fit(t, model, "general", t.Settings.PretrainSteps, t.Settings.Decoder.Optimizer, CausalLM.Objective());
        return model;
    });

    private static void Fit(Trial<Sizes> t, Decoder model, string domain, int steps, AdamWConfig optimizer, Objective<ILanguageModel, Data.TokenBatch> objective) =>
        new Trainer(new() { Steps = steps, Optimizer = optimizer }, t.Seed.For(domain), t.Work).Fit(model, objective, Text(t)[domain].Batches(t.Settings.Decoder.Rows, t.Seed.For("batches")));

    private static Decoder Tune(Trial<Sizes> t, string domain, bool ascend = false, double ofRate = 1)
    {
        var model = Base(t).Copy();
        Fit(t, model, domain, t.Settings.TuneSteps, t.Settings.Decoder.Optimizer with { LearningRate = t.Settings.TuneRate * ofRate }, ascend ? CausalLM.Objective().Ascending() : CausalLM.Objective());
        return model;
    }

    private static TaskVector Vector(Trial<Sizes> t, string domain) => t.Shared($"vector {domain}", () =>
    {
        using var tuned = Tune(t, domain);
        return TaskVector.Between(Base(t), tuned);
    });

    private static Decoder Forget(Trial<Sizes> t, Func<TaskVector, TaskVector> edit)
    {
        var control = MostControl(t);
        using var vector = edit(Vector(t, "forget"));
        var scale = ScaleSearch.Forgetting(Base(t), vector, t.Settings.Scales, m => -Validation(m, t, "forget"), m => Validation(m, t, "general") <= control);
        return vector.ApplyTo(Base(t), scale);
    }

    private static Decoder Add(Trial<Sizes> t, string[] tasks)
    {
        using var sum = tasks.Skip(1).Aggregate(1 * Vector(t, tasks[0]), (total, task) => total + Vector(t, task));
        return sum.ApplyTo(Base(t), ScaleSearch.Best(Base(t), sum, t.Settings.Scales, m => -tasks.Average(task => Validation(m, t, task))));
    }

    /// <summary>The same allowance, and as many candidates as the negated vector has scales; the pretrained model is one of them.</summary>
    private static Decoder Ascend(Trial<Sizes> t)
    {
        var control = MostControl(t);
        return Tuning.Best(
            t.Settings.Scales,
            scale => scale == 0 ? Base(t).Copy() : Tune(t, "forget", ascend: true, scale * scale * scale),
            m => Validation(m, t, "general") <= control ? -Validation(m, t, "forget") : double.PositiveInfinity);
    }

    private static double MostControl(Trial<Sizes> t) => Validation(Base(t), t, "general") + Math.Log(1.05);

    private static Decoder Unseen(Trial<Sizes> t, TaskVector vector)
    {
        using (vector)
        {
            return vector.ApplyTo(Base(t), ScaleSearch.Best(Base(t), vector, t.Settings.Scales, m => -Validation(m, t, "d")));
        }
    }

    private static double Validation(Decoder model, Trial<Sizes> t, string domain) => Text(t)[domain].Losses(model, t.Work, SplitPart.Validation).Mean;

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>The domains <c>general</c>, <c>forget</c>, <c>first</c>, <c>second</c>, and <c>a</c> … <c>d</c> with a : b = c : d.</summary>
        public TextTestbedConfig Testbed { get; init; } = new()
        {
            Domains =
            [
                new() { Name = "general", Source = new DataSetSourceConfig { Name = "brown" } },
                new() { Name = "forget", Source = new DataSetSourceConfig { Name = "spdx-licenses" } },
                new() { Name = "first", Source = new DataSetSourceConfig { Name = "reuters" } },
                new() { Name = "second", Source = new DataSetSourceConfig { Name = "food-reviews" } },
                new() { Name = "a", Source = Speeches("Democratic", 1845, 1929) },
                new() { Name = "b", Source = Speeches("Democratic", 1930, 2021) },
                new() { Name = "c", Source = Speeches("Republican", 1845, 1929) },
                new() { Name = "d", Source = Speeches("Republican", 1930, 2021) },
            ],
            ContextLength = 64,
            MaxHeldOutRows = 64,
        };

        public StudyDecoderConfig Decoder { get; init; } = new();

        [Range(1, int.MaxValue)]
        public int PretrainSteps { get; init; } = 200;

        /// <summary>Steps of fine-tuning on a task.</summary>
        [Range(1, int.MaxValue)]
        public int TuneSteps { get; init; } = 30;

        /// <summary>Maximum learning rate of fine-tuning.</summary>
        [Range(1e-9, 1)]
        public double TuneRate { get; init; } = 1e-3;

        /// <summary>Scales to choose from on validation text.</summary>
        public System.Collections.Immutable.ImmutableArray<double> Scales { get; init; } = [0, 0.2, 0.4, 0.6, 0.8, 1];

        private static FilterSourceConfig Speeches(string party, int from, int to) => new()
        {
            Source = new DataSetSourceConfig { Name = "sotu" },
            Where = [new() { Field = "party", Is = party }, new() { Field = "year", Min = from, Max = to }],
        };
    }
}
