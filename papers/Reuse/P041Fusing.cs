using System.ComponentModel.DataAnnotations;
using Heirloom.Continual.Pretraining;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Papers;
using Heirloom.Reuse.Merging;

namespace Heirloom.Reproductions.Reuse;

/// <summary>Models fine-tuned on several tasks, fused by averaging into a base for tasks that none of them saw (Choshen et al. 2022).</summary>
public sealed class P041Fusing : IPaper
{
    /// <summary>Sizes and budgets; each of at least three tasks is the new one in turn, and the others are what is fused.</summary>
    public sealed record Settings : EncoderStudySettings, IExample<Settings>
    {
        public static Settings Example => Smoke;

        /// <summary>Of the pretrained base, on general text.</summary>
        public required AdaptivePretrainingConfig Pretraining { get; init; }

        /// <summary>Of the models that are fused, on all labels of their tasks.</summary>
        public required FineTuningConfig Sources { get; init; }

        /// <summary>Labelled texts of the new task.</summary>
        [Range(1, int.MaxValue)]
        public int Labels { get; init; } = 120;
    }

    /// <summary>One repetition with what its arms share.</summary>
    private sealed record Site(Trial<Settings> Trial)
    {
        private Settings Settings => Trial.Settings;

        private TextTasks World => Trial.World();

        private IEnumerable<int> Others(int task) => Enumerable.Range(0, World.Tasks.Count).Where(i => i != task);

        private Encoder Base => Trial.Base(Settings.Pretraining);

        /// <summary>The base fine-tuned on a task, without the task's head.</summary>
        private Encoder Tuned(int task) => Trial.Shared($"tuned/{task}", () =>
        {
            using var classifier = World.Tasks[task].FineTune(Base, World.Tasks[task].Train, Settings.Sources, Trial.Seed.For("sources", task), Trial.Work);
            return ((Encoder)classifier.Encoder).Copy();
        });

        /// <summary>What a base is worth on each task in turn: right or wrong for every held-out text, the mean where there are several bases to choose from.</summary>
        private double[] OnNewTasks(Func<int, IReadOnlyList<Encoder>> bases) => [.. World.Tasks.SelectMany((task, i) =>
        {
            var (own, _) = task.Divide(Settings.Labels, Trial.Seed.For("task", i));
            var correct = bases(i).Select(start =>
            {
                using var classifier = task.FineTune(start, own, Settings.FineTuning, Trial.Seed.For("fine-tuning", i), Trial.Work);
                return task.Score(classifier, Settings.ContextLength, Trial.Work).Correct;
            }).ToList();
            return Enumerable.Range(0, correct[0].Length).Select(text => correct.Average(c => c[text]));
        })];

        public double[] Pretrained() => OnNewTasks(_ => [Base]);

        public double[] Fused() => OnNewTasks(task => [Trial.Shared($"fused/{task}", () => ModelMerge.Average([.. Others(task).Select(Tuned)]))]);

        public double[] Intertrained() => OnNewTasks(task => [.. Others(task).Select(Tuned)]);
    }

    private static TextTasksConfig Real => new()
    {
        General = new ConcatSourceConfig { Sources = [new DataSetSourceConfig { Name = "brown" }, new DataSetSourceConfig { Name = "sotu" }] },
        Tasks =
        [
            new() { Name = "reviews", Source = new DataSetSourceConfig { Name = "food-reviews" } },
            new() { Name = "mail", Source = new DataSetSourceConfig { Name = "spam-assassin" } },
            new() { Name = "news", Source = new DataSetSourceConfig { Name = "reuters" }, Field = "grain" },
            new() { Name = "genre", Source = new DataSetSourceConfig { Name = "brown" }, Field = "genre" },
        ],
        MaxTestExamples = 500,
        MaxCharacters = 4000,
    };

    private static Settings Smoke => new()
    {
        Seeds = 1,
        Data = new()
        {
            General = SmokeText.Topics(1),
            Tasks = [.. Enumerable.Range(2, 3).Select(i => new TextTaskConfig { Name = $"task {i}", Source = SmokeText.Topics((ulong)i), Field = "topic" })],
            Tokenizer = new() { VocabularySize = 400, Padding = "<|padding|>", Mask = "<|mask|>" },
        },
        Width = 16,
        Layers = 1,
        ContextLength = 32,
        Pretraining = new() { Training = EncoderStudy.Training(4, 2e-3), BatchSize = 4 },
        Sources = new() { Training = EncoderStudy.Training(4, 1e-3), BatchSize = 8 },
        FineTuning = new() { Training = EncoderStudy.Training(3, 1e-3), BatchSize = 8 },
        Labels = 10,
    };

    private static Settings Quick => new()
    {
        Seeds = 5,
        Data = Real,
        Pretraining = new() { Training = EncoderStudy.Training(500, 3e-3), BatchSize = 16 },
        Sources = new() { Training = EncoderStudy.Training(150, 3e-4), BatchSize = 16 },
        FineTuning = new() { Training = EncoderStudy.Training(60, 2e-3), BatchSize = 16 },
    };

    public static Paper Describe() => new Paper<Settings, double[]>
    {
        Id = 41,
        Source = new("Fusing finetuned models for better pretraining", "Choshen, Venezian, Slonim, Katz", 2022, new("https://arxiv.org/abs/2204.03044")),
        Claim = "The average of models fine-tuned on other tasks is a better base for a new task than the pretrained model, and often than a model trained on one of those tasks.",
        Smoke = Smoke,
        Quick = Quick,
        Full = Quick with
        {
            Seeds = 10,
            Data = Real with { Tokenizer = Real.Tokenizer with { VocabularySize = 8192 }, MaxTestExamples = 5000, MaxCharacters = 20000 },
            Width = 256,
            Layers = 4,
            ContextLength = 128,
            Pretraining = new() { Training = EncoderStudy.Training(10000, 1e-3), BatchSize = 64 },
            Sources = new() { Training = EncoderStudy.Training(1000, 2e-4), BatchSize = 32 },
            FineTuning = new() { Training = EncoderStudy.Training(200, 3e-4), BatchSize = 16 },
        },
        Train =
        [
            new("pretrained", t => new Site(t).Pretrained()),
            new("fused", t => new Site(t).Fused()),
            new("intertrained", t => new Site(t).Intertrained()),
        ],
        Measure = [new("accuracy on the new task", Better.Higher, (correct, _) => correct)],
        Findings =
        [
            new() { Claim = "a fused base is better than the pretrained one", Method = "fused", Baseline = "pretrained", Measure = "accuracy on the new task" },
            new() { Claim = "… and than one trained on a single other task, whichever it is", Method = "fused", Baseline = "intertrained", Measure = "accuracy on the new task" },
        ],
        Departures =
        [
            "the base is a RoBERTa-type encoder of two small layers, pretrained here on the Brown corpus and the State of the Union addresses, not RoBERTa-base on 160 GB",
            "four tasks, each the new one in turn with 120 labels while the other three are fused, where the paper has some forty data sets in three families",
            "intertraining is scored by its mean over the other tasks, as one who cannot know the best would get it; the paper's chosen one (MNLI) has no like among these tasks",
        ],
    };
}
