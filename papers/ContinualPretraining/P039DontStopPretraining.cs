using System.ComponentModel.DataAnnotations;
using Heirloom.Continual.Pretraining;
using Heirloom.Data.Batching;
using Heirloom.Data.Selection;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Papers;

namespace Heirloom.Reproductions.ContinualPretraining;

/// <summary>Domain- and task-adaptive pretraining (Gururangan et al. 2020).</summary>
public sealed class P039DontStopPretraining : IPaper
{
    /// <summary>Sizes and budgets; a task's domain is what its source holds beyond the task's own training texts.</summary>
    public sealed record Settings : EncoderStudySettings, IExample<Settings>
    {
        public static Settings Example => Smoke;

        /// <summary>Of the base, on general text.</summary>
        public required AdaptivePretrainingConfig Pretraining { get; init; }

        /// <summary>Of every continuation: DAPT, TAPT and their controls take the same steps.</summary>
        public required AdaptivePretrainingConfig Adaptation { get; init; }

        /// <summary>Training texts of a task in the low-resource regime; TAPT sees no others.</summary>
        [Range(1, int.MaxValue)]
        public int LowLabels { get; init; } = 200;

        /// <summary>Training texts of a task in the high-resource regime, the low-resource ones among them.</summary>
        [Range(1, int.MaxValue)]
        public int HighLabels { get; init; } = 800;

        /// <summary>k: documents of the domain that each text of the task brings along.</summary>
        [Range(1, int.MaxValue)]
        public int Neighbors { get; init; } = 5;
    }

    /// <summary>What the classifiers of an arm said of each task's held-out texts.</summary>
    private sealed record Scores(IReadOnlyList<Classifications> Low, IReadOnlyList<Classifications> High);

    /// <summary>A task in one regime of one repetition, with what its arms share.</summary>
    private sealed record Site(Trial<Settings> Trial, int Index, bool High)
    {
        private TextTasks World => Trial.World();

        private (IReadOnlyList<LabeledIds> Own, IReadOnlyList<LabeledIds> Remainder) Parts(int task) => Trial.Shared(
            $"parts/{task}", () => World.Tasks[task].Divide(Trial.Settings.HighLabels, Trial.Seed.For("task", task)));

        public TextTask Task => World.Tasks[Index];

        public IReadOnlyList<LabeledIds> Own => High ? Parts(Index).Own : [.. Parts(Index).Own.Take(Trial.Settings.LowLabels)];

        public IReadOnlyList<LabeledIds> Domain => Parts(Index).Remainder;

        public IReadOnlyList<LabeledIds> OtherDomain => Parts((Index + 1) % World.Tasks.Count).Remainder;

        public Encoder Base => Trial.Base(Trial.Settings.Pretraining);

        public Encoder Dapt => Trial.Shared($"dapt/{Index}", () => Adapt(Base, Domain));

        /// <summary>The domain's documents nearest to the task's texts.</summary>
        public IReadOnlyList<LabeledIds> Nearest => [.. Trial.Shared($"nearest/{Index}", () =>
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            var vectors = new TermVectors(Domain.Select(d => d.Ids), World.Tokenizer.VocabularySize);
            return NearestDocuments.Pool(vectors.Embed([.. Own.Select(d => d.Ids)]), vectors.Embed([.. Domain.Select(d => d.Ids)]), Trial.Settings.Neighbors);
        }).Select(i => Domain[i])];

        /// <summary>As many documents of the domain, drawn blindly: it is in a random order already.</summary>
        public IReadOnlyList<LabeledIds> Random => [.. Domain.Take(Nearest.Count)];

        public Encoder Adapt(Encoder from, IEnumerable<LabeledIds> text) =>
            new AdaptivePretraining(Trial.Settings.Adaptation, World.Masking, World.Separator, Trial.Work).Continue(from, [.. text.Select(d => d.Ids)], Trial.Seed.For($"adaptation/{Index}"));

        public Classifications Score(Encoder encoder)
        {
            using var classifier = Task.FineTune(encoder, Own, Trial.Settings.FineTuning, Trial.Seed.For($"fine-tuning/{Index}"), Trial.Work);
            return Task.Score(classifier, Trial.Settings.ContextLength, Trial.Work);
        }
    }

    private static Arm<Settings, Scores> Arm(string name, Func<Site, Encoder> adapt, bool high = false) => new(name, trial =>
    {
        IReadOnlyList<Classifications> Regime(bool high) =>
            [.. Enumerable.Range(0, trial.Settings.Data.Tasks.Length).Select(task => new Site(trial, task, high)).Select(site => site.Score(adapt(site)))];
        return new(Regime(false), high ? Regime(true) : []);
    });

    private static readonly string[] s_high = ["base", "DAPT", "TAPT", "DAPT+TAPT"];

    private static Finding Beats(string claim, string method, string baseline, string measure, double margin = 0) =>
        new() { Claim = claim, Method = method, Baseline = baseline, Measure = measure, Margin = margin };

    private static TextTasksConfig Real => new()
    {
        General = new ConcatSourceConfig { Sources = [new DataSetSourceConfig { Name = "brown" }, new DataSetSourceConfig { Name = "sotu" }] },
        Tasks =
        [
            new() { Name = "reviews", Source = new DataSetSourceConfig { Name = "food-reviews" } },
            new() { Name = "mail", Source = new DataSetSourceConfig { Name = "spam-assassin" } },
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
            Tasks =
            [
                new() { Name = "later", Source = SmokeText.Topics(1, period: 2), Field = "topic" },
                new() { Name = "elsewhere", Source = SmokeText.Topics(2), Field = "topic" },
            ],
            Tokenizer = new() { VocabularySize = 400, Padding = "<|padding|>", Mask = "<|mask|>" },
        },
        Width = 16,
        Layers = 1,
        ContextLength = 32,
        Pretraining = new() { Training = EncoderStudy.Training(6, 2e-3), BatchSize = 4 },
        Adaptation = new() { Training = EncoderStudy.Training(4, 1e-3), BatchSize = 4 },
        FineTuning = new() { Training = EncoderStudy.Training(4, 1e-3), BatchSize = 8 },
        LowLabels = 10,
        HighLabels = 20,
        Neighbors = 2,
    };

    private static Settings Quick => new()
    {
        Seeds = 3,
        Data = Real,
        Pretraining = new() { Training = EncoderStudy.Training(500, 3e-3), BatchSize = 16 },
        Adaptation = new() { Training = EncoderStudy.Training(80, 2e-3), BatchSize = 16 },
        FineTuning = new() { Training = EncoderStudy.Training(80, 2e-3), BatchSize = 16 },
    };

    public static Paper Describe() => new Paper<Settings, Scores>
    {
        Id = 39,
        Source = new("Don't Stop Pretraining: Adapt Language Models to Domains and Tasks", "Gururangan, Marasović, Swayamdipta, Lo, Beltagy, Downey, Smith", 2020, new("https://arxiv.org/abs/2004.10964")),
        Claim = "A second phase of pretraining on the task's domain, on its own unlabelled text, or on both, makes a pretrained encoder better at the task, with few labels and with many.",
        Smoke = Smoke,
        Quick = Quick,
        Full = Quick with
        {
            Seeds = 5,
            Data = Real with
            {
                Tasks = Real.Tasks.Add(new() { Name = "news", Source = new DataSetSourceConfig { Name = "reuters" }, Field = "grain" }),
                Tokenizer = Real.Tokenizer with { VocabularySize = 8192 },
                MaxTestExamples = 5000,
                MaxCharacters = 20000,
            },
            Width = 256,
            Layers = 4,
            ContextLength = 128,
            Pretraining = new() { Training = EncoderStudy.Training(10000, 1e-3), BatchSize = 64 },
            Adaptation = new() { Training = EncoderStudy.Training(1000, 5e-4), BatchSize = 64 },
            FineTuning = new() { Training = EncoderStudy.Training(300, 3e-4), BatchSize = 16 },
        },
        Train =
        [
            Arm("base", site => site.Base, high: true),
            Arm("DAPT", site => site.Dapt, high: true),
            Arm("TAPT", site => site.Adapt(site.Base, site.Own), high: true),
            Arm("DAPT+TAPT", site => site.Adapt(site.Dapt, site.Own), high: true),
            Arm("¬DAPT", site => site.Adapt(site.Base, site.OtherDomain)),
            Arm("kNN-TAPT", site => site.Adapt(site.Base, site.Own.Concat(site.Nearest))),
            Arm("RAND-TAPT", site => site.Adapt(site.Base, site.Own.Concat(site.Random))),
        ],
        Measure =
        [
            new("accuracy, few labels", Better.Higher, (scores, _) => [.. scores.Low.SelectMany(s => s.Correct)]),
            new("macro-F1, few labels", Better.Higher, (scores, _) => [.. scores.Low.Select(s => s.MacroF1)]),
            new("accuracy, many labels", Better.Higher, (scores, _) => [.. scores.High.SelectMany(s => s.Correct)]) { Only = [.. s_high] },
            new("macro-F1, many labels", Better.Higher, (scores, _) => [.. scores.High.Select(s => s.MacroF1)]) { Only = [.. s_high] },
        ],
        Findings =
        [
            Beats("DAPT helps with few labels", "DAPT", "base", "accuracy, few labels"),
            Beats("TAPT helps with few labels", "TAPT", "base", "accuracy, few labels"),
            Beats("DAPT then TAPT helps with few labels", "DAPT+TAPT", "base", "accuracy, few labels"),
            Beats("both together are better than DAPT alone", "DAPT+TAPT", "DAPT", "accuracy, few labels"),
            Beats("both together are better than TAPT alone", "DAPT+TAPT", "TAPT", "accuracy, few labels"),
            Beats("the domain matters: DAPT is better than pretraining on another domain", "DAPT", "¬DAPT", "accuracy, few labels"),
            Beats("text selected by nearest neighbors is better than text drawn at random", "kNN-TAPT", "RAND-TAPT", "accuracy, few labels"),
            Beats("DAPT helps with many labels", "DAPT", "base", "accuracy, many labels"),
            Beats("TAPT helps with many labels", "TAPT", "base", "accuracy, many labels"),
            Beats("DAPT then TAPT helps with many labels", "DAPT+TAPT", "base", "accuracy, many labels"),
        ],
        Departures =
        [
            "the base is a RoBERTa-type encoder of two small layers, pretrained here on the Brown corpus and the State of the Union addresses, not RoBERTa-base on 160 GB",
            "a task's domain is the rest of its own source (thousands of documents, not millions), of which DAPT reads a part once in the quick profile and many epochs in the full one",
            "DAPT, TAPT and their controls take equally many steps, where the paper gives TAPT 100 epochs and DAPT 12,500 steps; DAPT+TAPT takes both budgets, as in the paper",
            "¬DAPT adapts to the next task's domain",
            "neighbors are found by TF-IDF vectors of tokens, not by VAMPIRE's variational autoencoder, and k is 5, as a pool of thousands would be taken whole by 50",
            "texts are pooled by their mean and classified linearly, without the class token; texts are cut to the context, and the quick profile scores at most 500 of a task",
            "one learning rate for all arms and tasks, in place of a search for each",
            "the tasks are whether a review is great and whether a mail is spam, and in the full profile whether a newswire is about grain; a task's split is drawn by content, as not every source has one of its own",
        ],
    };
}
