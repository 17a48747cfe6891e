using System.Collections.Immutable;
using Heirloom.Adaptation.Tuning;
using Heirloom.Continual;
using Heirloom.Continual.Learners;
using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Models.Vision;
using Heirloom.Papers;
using Heirloom.Worlds.Images;

namespace Heirloom.Reproductions.ContinualLearning;

public sealed class P118RevisitingCil : IPaper
{
    private const string Simple = "SimpleCIL", Sequential = "fine-tuning", Pool = "L2P", Dual = "DualPrompt";

    private static readonly ImmutableArray<(string Name, TuningConfig Tuning)> s_tunings =
    [
        ("ADAM fine-tuning", new FullTuningConfig()),
        ("ADAM adapter", new BottleneckAdapterConfig { Width = 16 }),
        ("ADAM SSF", new ScaleShiftConfig()),
        ("ADAM VPT-shallow", new VisualPromptConfig()),
        ("ADAM VPT-deep", new VisualPromptConfig { Deep = true }),
    ];

    /// <summary>Sizes and budgets.</summary>
    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>Where the model is pretrained and the near stream comes from: a named set of images, or gratings (generated).</summary>
        public string Near { get; init; } = "fashion-mnist";

        /// <summary>The part of the near set that is used.</summary>
        public string? NearSplit { get; init; } = "test";

        /// <summary>The far stream: a named set of images, or flowers (generated).</summary>
        public string Far { get; init; } = "digits";

        public DomainGapTestbedConfig Testbed { get; init; } = new() { Model = VisionTransformerConfig.Vit(28, 7, 1, 48, 3, 3) };

        /// <summary>Epochs on each task, for every method.</summary>
        public int Epochs { get; init; } = 10;

        /// <summary>Images a batch, for every method.</summary>
        public int BatchSize { get; init; } = 16;

        /// <summary>Multiples of each method's published learning rate to choose from.</summary>
        public ImmutableArray<double> Rates { get; init; } = [1, 10];
    }

    /// <summary>A method's accuracies on both streams.</summary>
    public sealed record Outcome(AccuracyMatrix Near, AccuracyMatrix Far);

    public static Paper Describe() => new Paper<Sizes, Outcome>
    {
        Id = 118,
        Source = new("Revisiting Class-Incremental Learning with Pre-Trained Models: Generalizability and Adaptivity are All You Need", "Zhou, Cai, Ye, Zhan and Liu", 2023, new("https://arxiv.org/abs/2303.07338")),
        Claim = "Prototypes over a frozen pretrained model beat prompt learning; concatenating a model adapted on the first task beats them in turn where the domain differs.",
        Smoke = new()
        {
            Seeds = 1,
            Near = "gratings",
            Far = "flowers",
            Testbed = new()
            {
                Model = VisionTransformerConfig.Vit(12, 6, 1, 16, 2, 2), PretrainingClasses = 4, PretrainingImages = 8, PretrainingBatch = 8,
                Pretraining = new() { Steps = 5 }, TrainingImages = 5, TestImages = 5, Stream = new() { Increment = 3 },
            },
            Epochs = 1,
            Rates = [1],
        },
        Quick = new() { Rates = [1, 10, 100], Testbed = new() { Model = VisionTransformerConfig.Vit(28, 7, 1, 48, 3, 3), TrainingImages = 80 } },
        Full = new()
        {
            Seeds = 10,
            NearSplit = "train",
            Testbed = new()
            {
                Model = VisionTransformerConfig.Vit(28, 4, 1, 192, 12, 3), PretrainingImages = 6000,
                Pretraining = new() { Steps = 8000 }, TrainingImages = 120, TestImages = 50,
            },
            Epochs = 20,
            Rates = [0.3, 1, 3, 10],
        },
        Train =
        [
            new(Sequential, t => Run(t, new SequentialTuningConfig { Training = Sgd(t) })),
            new(Pool, t => Run(t, new L2PConfig { Training = Adam(t) })),
            new(Dual, t => Run(t, new DualPromptConfig { GeneralLayers = [0], ExpertLayers = [1], Training = Adam(t) })),
            new(Simple, t => Run(t, new SimpleCilConfig())),
            .. s_tunings.Select(v => new Arm<Sizes, Outcome>(v.Name, t => Run(t, new AperConfig { Tuning = v.Tuning, Training = Sgd(t) }))),
        ],
        Measure =
        [
            new("last accuracy, near", Better.Higher, (o, _) => [o.Near.Last]) { Unit = "accuracy", SameExamples = false },
            new("last accuracy, far", Better.Higher, (o, _) => [o.Far.Last]) { Unit = "accuracy", SameExamples = false },
            new("average accuracy, near", Better.Higher, (o, _) => [o.Near.Average]) { Unit = "accuracy", SameExamples = false },
            new("average accuracy, far", Better.Higher, (o, _) => [o.Far.Average]) { Unit = "accuracy", SameExamples = false },
            new("accuracy on a task just learned, near", Better.Higher, (o, _) => [o.Near.Learning]) { Unit = "accuracy", SameExamples = false },
            new("accuracy on a task just learned, far", Better.Higher, (o, _) => [o.Far.Learning]) { Unit = "accuracy", SameExamples = false },
            new("forgetting, near", Better.Lower, (o, _) => [o.Near.Forgetting]) { Unit = "accuracy", SameExamples = false },
            new("forgetting, far", Better.Lower, (o, _) => [o.Far.Forgetting]) { Unit = "accuracy", SameExamples = false },
        ],
        Findings =
        [
            .. from gap in (string[])["near", "far"]
               from prompts in (string[])[Pool, Dual]
               select new Finding { Claim = $"{prompts} learns its tasks, so that beating it means something", Method = prompts, Constant = 0.5, Measure = $"accuracy on a task just learned, {gap}" },
            .. from gap in (string[])["near", "far"]
               from prompts in (string[])[Pool, Dual]
               select new Finding { Claim = $"prototypes beat {prompts}", Method = Simple, Baseline = prompts, Measure = $"last accuracy, {gap}" },
            .. s_tunings.Select(v => new Finding { Claim = "adapting helps across a large gap", Method = v.Name, Baseline = Simple, Measure = "last accuracy, far" }),
            .. from prompts in (string[])[Pool, Dual]
               select new Finding { Claim = $"adapting and merging beats {prompts}", Method = "ADAM adapter", Baseline = prompts, Measure = "last accuracy, far" },
            .. from gap in (string[])["near", "far"]
               select new Finding { Claim = "fine-tuning in sequence forgets, prototypes do not", Method = Simple, Baseline = Sequential, Measure = $"forgetting, {gap}" },
        ],
        Departures =
        [
            "a vision transformer of 3 layers pretrained on 4 Fashion-MNIST classes in place of ViT-B/16 on ImageNet",
            "two gaps: the other Fashion-MNIST classes, and handwritten digits, in place of seven benchmarks",
            "DualPrompt's general prompt enters the first layer and its expert prompts the second, in proportion to 2 and 3 of 12 layers",
            "prompts are chosen for each image, not for each batch, whose test images would tell of each other",
            "adapters of width 16 without dropout; prompts start uniform on 0 to 0.01; the query of prompt learners is the class token after the last norm",
            "heads of prompt learners see their own task's classes only, as published; at this size and on features of four classes they hardly learn even the task at hand (the first findings), so that beating them says little",
            "every method makes the same epochs with the same batch size on a task, and chooses its learning rate on a fifth of the training images",
        ],
    };

    private static TaskTrainingConfig Sgd(Trial<Sizes> t) => new() { Epochs = t.Settings.Epochs, BatchSize = t.Settings.BatchSize };

    private static TaskTrainingConfig Adam(Trial<Sizes> t) => new L2PConfig().Training with { Epochs = t.Settings.Epochs, BatchSize = t.Settings.BatchSize };

    private static LabeledImages Images(Trial<Sizes> t, string name, string? split)
    {
        using var images = Enum.TryParse<Pattern>(name, ignoreCase: true, out var pattern)
            ? PatternImages.Generate(new() { Pattern = pattern, PerClass = t.Settings.Testbed.PretrainingImages + t.Settings.Testbed.TrainingImages + t.Settings.Testbed.TestImages }, t.Seed.For(name))
            : new DataSetCatalog(t.Work).OpenImages(name, split);
        return images.Fit(t.Settings.Testbed.Model.Channels, t.Settings.Testbed.Model.ImageSize);
    }

    private static Outcome Run(Trial<Sizes> t, ClassIncrementalConfig method)
    {
        var testbed = t.Shared("testbed", () =>
        {
            using var near = Images(t, t.Settings.Near, t.Settings.NearSplit);
            using var far = Images(t, t.Settings.Far, null);
            return DomainGapTestbed.Build(t.Settings.Testbed, near, far, t.Seed, t.Work);
        });
        return new(On(testbed.Near), On(testbed.Far));

        AccuracyMatrix On(ClassStream stream) => RateSearch.Run(method, t.Settings.Rates, testbed.Pretrained, stream, 0.2, t.Seed.For("method"), t.Work);
    }
}
