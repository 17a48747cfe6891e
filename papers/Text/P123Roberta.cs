using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sentences;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Training;
using Heirloom.Training.Optimizers;

namespace Heirloom.Reproductions.Text;

/// <summary>RoBERTa: which of BERT's choices in pretraining matter (Liu et al. 2019).</summary>
public sealed class P123Roberta : IPaper
{
    /// <summary>Sizes and budgets.</summary>
    public sealed record Settings : EncoderStudySettings, IExample<Settings>
    {
        public static Settings Example => Smoke;

        /// <summary>What is held out of the general text.</summary>
        public DocumentSplit Split { get; init; } = new() { Validation = 0.05, Test = 0.1 };

        /// <summary>Share of the general documents that every arm but those with more data reads.</summary>
        [Range(0.001, 1.0)]
        public double DataShare { get; init; } = 0.1;

        public required TrainingConfig Pretraining { get; init; }

        /// <summary>Tokens a step, whatever the inputs.</summary>
        [Range(1, 1 << 24)]
        public int BatchTokens { get; init; } = 1024;

        /// <summary>Peak learning rates, of which each arm takes the one with the lowest loss on validation text.</summary>
        public required ImmutableArray<double> Rates { get; init; }

        /// <summary>Masks of a row under static masking.</summary>
        [Range(1, 1000)]
        public int MaskCopies { get; init; } = 1;

        /// <summary>Labelled texts of a task.</summary>
        [Range(1, int.MaxValue)]
        public int Labels { get; init; } = 400;

        /// <summary>Rows of held-out text that are scored.</summary>
        [Range(1, int.MaxValue)]
        public int HeldOutRows { get; init; } = 256;
    }

    /// <summary>The switches.</summary>
    private sealed record Recipe(SentenceInputConfig Input)
    {
        public bool Static { get; init; }

        /// <summary>Times the tokens of a step; steps are divided by it.</summary>
        public double Batch { get; init; } = 1;

        /// <summary>Times the steps.</summary>
        public int Longer { get; init; } = 1;

        public bool MoreData { get; init; }
    }

    /// <summary>One repetition with what its arms share.</summary>
    private sealed record Site(Trial<Settings> Trial)
    {
        private Settings Settings => Trial.Settings;

        private TextTasks World => Trial.World();

        private SentenceCorpus Corpus(SplitPart part) => Trial.Shared($"{part}", () =>
            TokenizedSentences.Of(Settings.Split.Take(Settings.Data.General.Open(Trial.Work), part), World.Tokenizer));

        private MaskingConfig Masking => World.Masking with { SpecialTokens = [.. World.Masking.SpecialTokens, Corpus(SplitPart.Train).Start] };

        /// <summary>Whole sentences of held-out documents, hidden once for all arms and seeds.</summary>
        private ExampleBatches<TokenRow, TokenBatch> HeldOut(bool validation)
        {
            var seed = new Seed(0);
            var rows = new SentenceRows(Corpus(validation ? SplitPart.Validation : SplitPart.Test), new DocSentencesConfig(), Settings.ContextLength, seed);
            var hidden = new StaticallyMaskedRows(rows, new(Masking), 1, seed);
            TokenRow[] scored = [.. Enumerable.Range(0, (int)Math.Min(Settings.HeldOutRows, rows.RowsPerEpoch!.Value)).Select(i => hidden.Row(i))];
            return new ExampleBatches<TokenRow, TokenBatch>(scored, 64, shuffle: false, seed, (r, _) => TokenRow.Collate(r), hidden.Fingerprint);
        }

        public double[] Losses(Encoder model, bool validation = false) => TokenLosses.Of(model, HeldOut(validation), Trial.Work).ByRow;

        public double[] Accuracy(Encoder model) => [.. World.Tasks.SelectMany((task, i) =>
        {
            var (own, _) = task.Divide(Settings.Labels, Trial.Seed.For("task", i));
            using var classifier = task.FineTune(model, own, Settings.FineTuning, Trial.Seed.For("fine-tuning", i), Trial.Work);
            return task.Score(classifier, Settings.ContextLength, Trial.Work).Correct;
        })];

        public Encoder Pretrain(Recipe recipe) => Tuning.Best(Settings.Rates, rate => Pretrain(recipe, rate), model => Losses(model, validation: true).Average());

        private Encoder Pretrain(Recipe recipe, double rate)
        {
            var corpus = Corpus(SplitPart.Train).Part(recipe.MoreData ? 1 : Settings.DataShare);
            var rows = new SentenceRows(corpus, recipe.Input, Settings.ContextLength, Trial.Seed.For("rows"));
            IRows<TokenRow> seen = recipe.Static ? new StaticallyMaskedRows(rows, new(Masking), Settings.MaskCopies, Trial.Seed.For("masks")) : rows;
            var batches = new RowBatches<TokenRow, TokenBatch>(seen, rows.RowsOf((int)(recipe.Batch * Settings.BatchTokens)), TokenRow.Collate);
            // as the paper's rates do, though by the root of the ratio
            rate *= Math.Sqrt(recipe.Batch);
            var trainer = new Trainer(
                Settings.Pretraining with
                {
                    Steps = Math.Max(1, (long)(recipe.Longer * Settings.Pretraining.Steps / recipe.Batch)),
                    Optimizer = ((AdamWConfig)Settings.Pretraining.Optimizer) with { LearningRate = rate },
                },
                Trial.Seed.For("pretraining"), Trial.Work);
            var shape = EncoderConfig.Bert(World.Tokenizer.VocabularySize, Settings.ContextLength, Settings.Width, Settings.Layers, heads: 4) with { Pooler = true };
            using var model = new SentencePairLMConfig { Encoder = shape }.Build(Trial.Seed.For("model"));
            if (recipe.Input is SentencePairConfig)
            {
                trainer.Fit(model, recipe.Static ? NextSentence.OfHidden() : NextSentence.Objective(Masking), batches);
            }
            else
            {
                trainer.Fit(model.Encoder, recipe.Static ? MaskedLM.OfHidden() : MaskedLM.Objective(Masking), batches);
            }

            return ((Encoder)model.Encoder).Copy();
        }
    }

    private static Arm<Settings, Encoder> Arm(string name, Recipe recipe) => new(name, trial => new Site(trial).Pretrain(recipe));

    private static Finding Beats(string claim, string method, string baseline, string measure, double margin = 0) =>
        new() { Claim = claim, Method = method, Baseline = baseline, Measure = measure, Margin = margin };

    private static BpeTrainingConfig Tokenizer(int vocabulary) => new()
    {
        VocabularySize = vocabulary, BeginningOfText = "<s>", EndOfText = "</s>", Padding = "<pad>", Mask = "<mask>",
    };

    private static Settings Smoke => new()
    {
        Seeds = 1,
        Data = new() { General = SmokeText.Topics(1), Tasks = [new() { Name = "topics", Source = SmokeText.Topics(2), Field = "topic" }], Tokenizer = Tokenizer(400) },
        Width = 16,
        Layers = 1,
        ContextLength = 32,
        DataShare = 0.3,
        Pretraining = EncoderStudy.Training(4, 1e-3),
        Rates = [2e-3],
        BatchTokens = 128,
        FineTuning = new() { Training = EncoderStudy.Training(4, 2e-3), BatchSize = 8 },
        Labels = 16,
        HeldOutRows = 8,
    };

    private static Settings Quick => new()
    {
        Seeds = 3,
        Data = new()
        {
            General = new ConcatSourceConfig { Sources = [new DataSetSourceConfig { Name = "brown" }, new DataSetSourceConfig { Name = "sotu" }] },
            Tasks = [new() { Name = "mail", Source = new DataSetSourceConfig { Name = "spam-assassin" } }],
            Tokenizer = Tokenizer(512),
            MaxTestExamples = 500,
            MaxCharacters = 4000,
        },
        Width = 48,
        DataShare = 0.01,
        BatchTokens = 512,
        Pretraining = EncoderStudy.Training(200, 1e-3),
        Rates = [2e-3, 6e-3],
        FineTuning = new() { Training = EncoderStudy.Training(80, 2e-3), BatchSize = 16 },
    };

    public static Paper Describe() => new Paper<Settings, Encoder>
    {
        Id = 123,
        Source = new("RoBERTa: A Robustly Optimized BERT Pretraining Approach", "Liu, Ott, Goyal, Du, Joshi, Chen, Levy, Lewis, Zettlemoyer, Stoyanov", 2019, new("https://arxiv.org/abs/1907.11692")),
        Claim = "BERT was undertrained: masking anew every time, full sentences without next-sentence prediction, larger batches, more data and longer training each match or improve it.",
        Smoke = Smoke,
        Quick = Quick,
        Full = Quick with
        {
            Seeds = 5,
            Data = Quick.Data with
            {
                Tasks =
                [
                    .. Quick.Data.Tasks,
                    new() { Name = "reviews", Source = new DataSetSourceConfig { Name = "food-reviews" } },
                    new() { Name = "news", Source = new DataSetSourceConfig { Name = "reuters" }, Field = "grain" },
                ],
                Tokenizer = Tokenizer(8192),
                MaxTestExamples = 5000,
            },
            Width = 256,
            Layers = 4,
            ContextLength = 128,
            DataShare = 0.2,
            Pretraining = EncoderStudy.Training(10_000, 1e-3),
            BatchTokens = 8192,
            Rates = [5e-4, 1e-3, 2e-3],
            MaskCopies = 10,
            FineTuning = new() { Training = EncoderStudy.Training(300, 3e-4), BatchSize = 16 },
        },
        Train =
        [
            Arm("BERT", new(new SegmentPairConfig()) { Static = true }),
            Arm("BERT, dynamic masking", new(new SegmentPairConfig())),
            Arm("sentence pairs", new(new TwoSentencesConfig())),
            Arm("full sentences", new(new FullSentencesConfig())),
            Arm("doc sentences", new(new DocSentencesConfig())),
            Arm("full sentences, batch × 4", new(new FullSentencesConfig()) { Batch = 4 }),
            Arm("full sentences, batch ÷ 4", new(new FullSentencesConfig()) { Batch = 0.25 }),
            Arm("full sentences, more data", new(new FullSentencesConfig()) { MoreData = true }),
            Arm("full sentences, more data, longer", new(new FullSentencesConfig()) { MoreData = true, Longer = 3 }),
        ],
        Measure =
        [
            new("held-out text", Better.Lower, (model, t) => new Site(t).Losses(model)) { Unit = "nats/hidden token" },
            new("accuracy", Better.Higher, (model, t) => new Site(t).Accuracy(model)),
        ],
        Findings =
        [
            Beats("masking anew is at least as good as masking once: text", "BERT, dynamic masking", "BERT", "held-out text", -0.02),
            Beats("… and tasks", "BERT, dynamic masking", "BERT", "accuracy", -0.01),
            Beats("single sentences as pairs hurt", "BERT, dynamic masking", "sentence pairs", "accuracy"),
            Beats("without next-sentence prediction tasks go at least as well: within documents", "doc sentences", "BERT, dynamic masking", "accuracy", -0.01),
            Beats("… and across them", "full sentences", "BERT, dynamic masking", "accuracy", -0.01),
            Beats("rows within documents are at least as good as across them", "doc sentences", "full sentences", "accuracy", -0.01),
            Beats("larger batches at equal tokens learn more: from a quarter", "full sentences", "full sentences, batch ÷ 4", "held-out text"),
            Beats("… and to four times", "full sentences, batch × 4", "full sentences", "held-out text"),
            Beats("more data helps: text", "full sentences, more data", "full sentences", "held-out text"),
            Beats("longer training helps: text", "full sentences, more data, longer", "full sentences, more data", "held-out text"),
            Beats("… and tasks", "full sentences, more data, longer", "full sentences, more data", "accuracy"),
            Beats("all of it beats BERT: text", "full sentences, more data, longer", "BERT", "held-out text"),
            Beats("… and tasks", "full sentences, more data, longer", "BERT", "accuracy"),
        ],
        Departures =
        [
            "encoders of two small layers on the Brown corpus and the State of the Union addresses, not BERT-base on 16 to 160 GB; rows of 64 tokens, not 512",
            "every mask is seen in all of the few epochs of the quick profile (the paper's in 4 of 40), in which arms with little data read a hundredth of the documents",
            "rates are multiplied by the root of the batch's ratio; the tolerances of a fiftieth of a nat and of a hundredth of accuracy are ours",
            "held-out text is scored as whole sentences of one document, for all arms alike",
            "batch sizes have the ratios of the paper (256, 2K, 8K) as 1/4, 1 and 4",
            "validation text chooses each arm's learning rate, among two in the quick profile and three in the full one",
            "texts are pooled by their mean, and the task is whether a mail is spam (in the full profile also whether a review is great and whether a newswire is about grain), not GLUE, SQuAD and RACE",
            "all arms have a byte-level BPE: its effect is not measured, as a WordPiece vocabulary has another number of tokens a text",
        ],
    };
}
