using Heirloom.Cli.Recipes;
using Heirloom.Cli.Recipes.Text;
using Heirloom.Data;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;

namespace Heirloom.Cli.Verbs.Quickstart;

/// <summary>The quickstart's runs as ordinary recipes: whatever it does, a YAML file can do.</summary>
internal sealed record QuickstartPlan(QuickstartSettings Settings, QuickstartText Text)
{
    private const double Minimum = 0.1;

    /// <summary>A model of the old text.</summary>
    public RecipeConfig Pretrain => new PretrainConfig
    {
        Name = "quickstart-base",
        Description = $"Pretrained on {Text.Old.Name}",
        Seed = Settings.Seed,
        Sources = [Text.Old],
        Split = Split,
        Tokenizer = new BpeTrainingConfig { VocabularySize = Settings.Vocabulary },
        Model = Model,
        Packing = Packing,
        Training = Training(Settings.PretrainSteps, Settings.LearningRate, new CosineConfig { WarmUp = 0.05, Final = Minimum }),
        ScoredRows = Settings.ScoredRows,
    };

    /// <summary>The new text alone, at the rate at which pretraining ended.</summary>
    /// <param name="from">The pretrained run.</param>
    public RecipeConfig Naive(string from) => Continue("quickstart-naive", from, new CosineConfig { WarmUp = 0, Final = Minimum }) with
    {
        Description = $"Continued on {Text.New.Name} alone",
        AlsoScore = [Text.Old],
    };

    /// <summary>The learning rate warmed up again, and some old rows among the new.</summary>
    /// <inheritdoc cref="Naive"/>
    public RecipeConfig WithReplay(string from) => Continue("quickstart-replay", from, new RewarmedConfig { WarmUp = 0.05, Start = Minimum, Final = Minimum }) with
    {
        Description = $"Continued on {Text.New.Name} with re-warming and {Settings.Replay:P0} replay",
        Replay = new() { Sources = [Text.Old], Fraction = Settings.Replay },
    };

    /// <summary>The new text from random weights, with as many steps as the continuations have.</summary>
    /// <param name="from">The pretrained run, for its tokenizer alone.</param>
    public RecipeConfig Scratch(string from) => Continue("quickstart-scratch", from, new CosineConfig { WarmUp = 0.05, Final = Minimum }) with
    {
        Description = $"{Text.New.Name} from scratch at equal compute",
        AlsoScore = [Text.Old],
        RandomStart = true,
    };

    /// <summary>The labelled task from a start.</summary>
    /// <param name="name">Of the run.</param>
    /// <param name="from">The run that gives architecture, tokenizer and, unless random, weights.</param>
    /// <param name="random">Whether to forget the weights.</param>
    public RecipeConfig Tune(string name, string from, bool random) => new FineTuneConfig
    {
        Name = name,
        Description = Text.Task,
        Seed = Settings.Seed,
        From = from,
        RandomStart = random,
        Source = Text.Labelled,
        Label = Text.Label,
        Split = new() { Validation = 0, Test = 0.3 },
        TrainExamples = Settings.TuneExamples,
        ScoredExamples = Settings.ScoredExamples,
        Seeds = Settings.Seeds,
        Pooling = Pooling.Mean,
        Batches = new() { BatchSize = 16, MaxLength = Settings.Context, SortWithin = 8 },
        Training = Training(Settings.TuneSteps, Settings.TuneLearningRate, new LinearConfig { WarmUp = 0.1 }) with { EvaluateEvery = 0 },
    };

    private DecoderConfig Model => DecoderConfig.Llama(Settings.Vocabulary, Settings.Context, Settings.Width, Settings.Layers, Math.Max(1, Settings.Width / 32));

    private static DocumentSplit Split => new() { Validation = 0.05, Test = 0.15 };

    private PackingConfig Packing => new() { ContextLength = Settings.Context, BatchSize = Settings.Rows };

    private ContinueConfig Continue(string name, string from, ScheduleConfig schedule) => new()
    {
        Name = name,
        Seed = Settings.Seed,
        From = from,
        Sources = [Text.New],
        Split = Split,
        Packing = Packing,
        Training = Training(Settings.ContinueSteps, Settings.LearningRate, schedule),
        ScoredRows = Settings.ScoredRows,
    };

    private static TrainingConfig Training(int steps, double rate, ScheduleConfig schedule) => new()
    {
        Steps = steps,
        Optimizer = new AdamWConfig { LearningRate = rate },
        Schedule = schedule,
        EvaluateEvery = Math.Max(1, steps / 5),
        LogEvery = Math.Max(1, steps / 50),
    };
}
