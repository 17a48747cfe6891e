using System.ComponentModel.DataAnnotations;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models.InContext;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;
using Heirloom.Worlds.Regression;

namespace Heirloom.Reproductions.InContext;

/// <summary>How many pretraining tasks it takes until a transformer solves tasks that it has never seen.</summary>
public sealed class P029TaskDiversity : IPaper
{
    public static Paper Describe() => new Paper<Sizes, InContextPredictor>
    {
        Id = 29,
        Source = new("Pretraining task diversity and the emergence of non-Bayesian in-context learning for regression", "Raventós et al.", 2023, new("https://arxiv.org/abs/2306.15063")),
        Claim = "Pretrained on few tasks, a transformer is the Bayesian that knows only those; beyond a threshold of task diversity it leaves that prior, nears ridge regression and solves new tasks.",
        Departures =
        [
            "the quick profile has two dimensions and eight points (so that the threshold lies at few tasks), a smaller model and fewer steps than the published 8, 16, 8 × 128 and 500,000; the full profile has the published sizes",
            "dimensions, diversities and learning rate of the quick profile were chosen after development runs on other seeds",
            "three task diversities instead of twenty: below, near and above the threshold",
        ],
        Smoke = new() { Seeds = 1, Steps = 4, Width = 16, Layers = 1, Heads = 2, Many = 64, Evaluated = 16 },
        Quick = new() { Seeds = 4 },
        Full = new()
        {
            Seeds = 5, World = new(), Few = 1 << 6, Some = 1 << 12, Many = 1 << 18, Width = 128, Layers = 8, Heads = 2, Steps = 500_000, Optimizer = new() { LearningRate = 1e-3, Beta2 = 0.999, Decay = 0 },
        },
        Train =
        [
            new("few tasks", t => Model(t, t.Settings.Few)),
            new("some tasks", t => Model(t, t.Settings.Some)),
            new("many tasks", t => Model(t, t.Settings.Many)),
            new("dMMSE, few tasks", t => Bayesian(t, t.Settings.Few)),
            new("dMMSE, some tasks", t => Bayesian(t, t.Settings.Some)),
            new("dMMSE, many tasks", t => Bayesian(t, t.Settings.Many)),
            new("ridge", t => Ridge(t)),
        ],
        Measure =
        [
            new("error on new tasks", Better.Lower, (p, t) => OnNew(t, p)) { Unit = "squared error / D", SameExamples = false },
            new("error on the few tasks", Better.Lower, (p, t) => Scaled(t, InContextErrors.Of(p, Data(t, t.Settings.Few, "few").At(0)))) { Unit = "squared error / D", SameExamples = false, Only = ["few tasks", "dMMSE, few tasks", "ridge"] },
            new("distance from ridge on new tasks", Better.Lower, (p, t) => Scaled(t, InContextErrors.Between(p, Ridge(t), Data(t, null, "new").At(0)))) { Unit = "squared difference / D", SameExamples = false },
        ],
        Findings =
        [
            new() { Claim = "with few tasks it is the Bayesian of its tasks", Method = "few tasks", Baseline = "dMMSE, few tasks", Measure = "error on the few tasks", Margin = -0.05 },
            new() { Claim = "… better on them than ridge", Method = "few tasks", Baseline = "ridge", Measure = "error on the few tasks" },
            new() { Claim = "… and fails on new tasks", Method = "ridge", Baseline = "few tasks", Measure = "error on new tasks" },
            new() { Claim = "with many tasks it beats the Bayesian of its tasks on new ones", Method = "many tasks", Baseline = "dMMSE, many tasks", Measure = "error on new tasks" },
            new() { Claim = "… since it is nearer to ridge", Method = "many tasks", Baseline = "dMMSE, many tasks", Measure = "distance from ridge on new tasks" },
            new() { Claim = "… about as good as ridge", Method = "many tasks", Baseline = "ridge", Measure = "error on new tasks", Margin = -0.05 },
            new() { Claim = "many tasks beat few on new ones", Method = "many tasks", Baseline = "few tasks", Measure = "error on new tasks" },
        ],
    };

    private static LinearTasks Data(Trial<Sizes> t, int? tasks, string use) => t.Shared($"data {tasks} {use}", () => new LinearTasks(
        t.Settings.World with { Tasks = tasks, BatchSize = use == "train" ? t.Settings.World.BatchSize : t.Settings.Evaluated }, t.Seed.For("pool"), t.Seed.For(use)));

    private static InContextPredictor Model(Trial<Sizes> t, int tasks)
    {
        var (s, world) = (t.Settings, t.Settings.World);
        var model = t.Shared($"model {tasks}", () => RegressionTransformerConfig.Gpt2(world.Dimensions, world.Points, s.Width, s.Layers, s.Heads).Build(t.Seed.For("init")));
        new Trainer(new() { Steps = s.Steps, Optimizer = s.Optimizer, Schedule = s.Schedule }, t.Seed.For("train"), t.Work).Fit(model, InContextRegression.Objective(), Data(t, tasks, "train"));
        return Plotted(t, tasks, InContextErrors.PredictorOf(model));
    }

    private static InContextPredictor Bayesian(Trial<Sizes> t, int tasks) =>
        Plotted(t, tasks, batch => LinearPosterior.DiscreteMmse(batch, Data(t, tasks, "train").Pool!, t.Settings.World.Noise));

    private static InContextPredictor Ridge(Trial<Sizes> t) => batch => LinearPosterior.Ridge(batch, t.Settings.World.Noise);

    private static InContextPredictor Plotted(Trial<Sizes> t, int tasks, InContextPredictor predictor)
    {
        t.Plot("error on new tasks by log2 of pretraining tasks", Math.Log2(tasks), OnNew(t, predictor).Average());
        return predictor;
    }

    private static double[] OnNew(Trial<Sizes> t, InContextPredictor predictor) => Scaled(t, InContextErrors.Of(predictor, Data(t, null, "new").At(0)));

    private static double[] Scaled(Trial<Sizes> t, InContextErrors errors) => [.. errors.BySequence.Select(e => e / t.Settings.World.Dimensions)];

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>Sequences; its own count of tasks is not read.</summary>
        public LinearTasksConfig World { get; init; } = new() { Dimensions = 2, Points = 8, BatchSize = 64 };

        /// <summary>Pretraining tasks far below the threshold.</summary>
        [Range(1, 1 << 24)]
        public int Few { get; init; } = 2;

        /// <summary>Pretraining tasks in between.</summary>
        [Range(1, 1 << 24)]
        public int Some { get; init; } = 8;

        /// <summary>Pretraining tasks above the threshold.</summary>
        [Range(1, 1 << 24)]
        public int Many { get; init; } = 16;

        [Range(1, 8192)]
        public int Width { get; init; } = 32;

        [Range(1, 100)]
        public int Layers { get; init; } = 2;

        [Range(1, 128)]
        public int Heads { get; init; } = 2;

        [Range(1, int.MaxValue)]
        public int Steps { get; init; } = 3000;

        public AdamWConfig Optimizer { get; init; } = new() { LearningRate = 1e-2, Beta2 = 0.999, Decay = 0 };

        /// <summary>A triangle, as published.</summary>
        public ScheduleConfig Schedule { get; init; } = new LinearConfig { WarmUp = 0.5 };

        /// <summary>Sequences of an evaluation.</summary>
        [Range(1, 1 << 20)]
        public int Evaluated { get; init; } = 1024;
    }
}
