using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sets;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;
using Heirloom.Worlds.Text;

namespace Heirloom.Reproductions.Text;

/// <summary>Autoregressive blank infilling.</summary>
public sealed class P104Glm : IPaper
{
    private const string Glm = "GLM", Bert = "BERT-type", Gpt = "GPT-type", T5 = "T5-type";

    public static Paper Describe() => new Paper<Sizes, Ready>
    {
        Id = 104,
        Source = new("GLM: General Language Model Pretraining with Autoregressive Blank Infilling", "Du, Qian, Liu, Ding, Qiu, Yang, Tang", 2022, new("https://arxiv.org/abs/2103.10360")),
        Claim = "One model that fills blanks token by token, short ones and long ones, classifies by cloze questions better than a masked language model, and fills gaps and generates text as models made for it do.",
        Smoke = new()
        {
            Seeds = 1,
            Testbed = Bed(new WorldSourceConfig { World = new HmmTextConfig(), Documents = 120 }, 32, 512, 8),
            Task = new() { Name = "topic", Source = new WorldSourceConfig { World = new HmmTextConfig { Topics = 2, Period = 1 }, Seed = new(2), Documents = 60 }, Field = "topic", Prompts = [new() { Text = "{text} topic", Answers = [" a", " b"] }] },
            Width = 16,
            Rows = 4,
            Steps = 4,
            TuneSteps = 2,
            Rates = [3e-3],
        },
        Quick = new(),
        Full = new() { Seeds = 5, Width = 512, Layers = 6, Rows = 64, Steps = 20_000, TuneSteps = 1000, Rates = [3e-4, 1e-3, 3e-3] },
        Train =
        [
            new(Glm, t => Infiller(t, Blanks(t))),
            new("GLM, sentences", t => Infiller(t, Blanks(t) with { Documents = 0, Sentences = 0.5 })),
            new("GLM, short spans alone", t => Infiller(t, Blanks(t) with { Documents = 0 })),
            new(Bert, t => Train<IMaskedLM>(
                t,
                new(new MaskedPairs { MaskToken = Mask(t) }, Mask(t)),
                EncoderConfig.Bert(Vocabulary(t), 2 * Context(t), t.Settings.Width, t.Settings.Layers, t.Settings.Width / 16),
                (model, batch, seed) => MaskedLM.Objective(Masking(t))(model, batch.AsTexts(), seed))),
            new(Gpt, t => Train<ILanguageModel>(
                t,
                new(new CausalPairs()),
                DecoderConfig.Gpt2(Vocabulary(t), 2 * Context(t), t.Settings.Width, t.Settings.Layers, t.Settings.Width / 16),
                (model, batch, seed) => CausalLM.Objective()(model, batch.AsTexts(), seed))),
            new(T5, t => Train<ISequenceToSequenceLM>(
                t,
                new(new EncoderDecoderPairs(), Ids(t).FirstSentinel, Echo: true),
                EncoderDecoderConfig.T5(Vocabulary(t), t.Settings.Width, t.Settings.Layers / 2, t.Settings.Width / 16),
                SpanCorruption.Objective(Ids(t)))),
        ],
        Measure =
        [
            new("cloze", Better.Higher, (m, t) => RankClassification.Of(m.Format.Form, m.Tuned, [.. Task(t).Questions(Context(t)).Select(m.Format.Ask)], Ids(t).PadToken, t.Work).Correct) { Unit = "accuracy" },
            new("infilling", Better.Lower, (m, t) => GapProbe.Inside(Text(t)["text"].HeldOut(), 4, new(1)).Losses(m.Format, m.Model, Ids(t).PadToken, t.Work).ByRow) { Unit = "nats/token" },
            new("generation", Better.Lower, (m, t) => GapProbe.AtEnd(Text(t)["text"].HeldOut(), Context(t) / 2).Losses(m.Format, m.Model, Ids(t).PadToken, t.Work).ByRow) { Unit = "nats/token" },
        ],
        Findings =
        [
            new() { Claim = "classifies by cloze better than BERT", Method = Glm, Baseline = Bert, Measure = "cloze" },
            new() { Claim = "… than GPT", Method = Glm, Baseline = Gpt, Measure = "cloze" },
            new() { Claim = "… than T5", Method = Glm, Baseline = T5, Measure = "cloze" },
            new() { Claim = "fills gaps better than BERT", Method = Glm, Baseline = Bert, Measure = "infilling" },
            new() { Claim = "… than GPT, which sees one side", Method = Glm, Baseline = Gpt, Measure = "infilling" },
            new() { Claim = "… than T5", Method = Glm, Baseline = T5, Measure = "infilling" },
            new() { Claim = "generates better than BERT", Method = Glm, Baseline = Bert, Measure = "generation" },
            new() { Claim = "… than T5", Method = Glm, Baseline = T5, Measure = "generation" },
            new() { Claim = "… nearly as well as GPT", Method = Glm, Baseline = Gpt, Measure = "generation", Margin = -0.1 },
            new() { Claim = "long spans are what lets it generate", Method = Glm, Baseline = "GLM, short spans alone", Measure = "generation" },
            new() { Claim = "sentences fill gaps better than short spans alone", Method = "GLM, sentences", Baseline = "GLM, short spans alone", Measure = "infilling" },
        ],
        Departures =
        [
            "models of a few hundred thousand parameters on definitions of biological terms instead of 110 million and more on BookCorpus and Wikipedia; all take the same steps over the same rows, T5-type with half the layers on each side, so that sizes are nearly equal",
            "cloze questions ask for a definition's kind, in place of SuperGLUE (its texts may be among those of pretraining, without their labels); every model answers in its own format, the masked language model with a mask for each token of the answer",
            "infilling and generation are scored by the loss of held-out tokens, in place of Yahoo text infilling and summarization",
            "long spans take half of the texts; the tolerance of a tenth of a nat to GPT at its own task is ours",
            "one rate for fine-tuning",
        ],
    };

    private static TextTestbedConfig Bed(SourceConfig source, int context, int vocabulary, int rows) => new()
    {
        Domains = [new() { Name = "text", Source = source }],
        Tokenizer = new() { VocabularySize = vocabulary, Padding = "<|padding|>", Mask = "[MASK]", SpecialTokens = ["[START]", .. Sentinels.Names(32)] },
        ContextLength = context,
        MaxHeldOutRows = rows,
    };

    private static TextTestbed Text(Trial<Sizes> t) => t.Shared("text", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private static PromptedTask Task(Trial<Sizes> t) => t.Shared("task", () => PromptedTask.Open(t.Settings.Task, Text(t).Tokenizer, t.Work));

    private static SpanCorruptionConfig Ids(Trial<Sizes> t) => Sentinels.Of(Text(t).Tokenizer);

    private static int Mask(Trial<Sizes> t) => Text(t).Tokenizer.Mask!.Value;

    private static MaskingConfig Masking(Trial<Sizes> t) => new() { MaskToken = Mask(t), VocabularySize = Vocabulary(t), SpecialTokens = [Ids(t).EndToken, Ids(t).PadToken, Start(t)] };

    private static int Start(Trial<Sizes> t) => Text(t).Tokenizer.IdOf("[START]")!.Value;

    private static int Vocabulary(Trial<Sizes> t) => Text(t).Tokenizer.VocabularySize;

    private static int Context(Trial<Sizes> t) => t.Settings.Testbed.ContextLength;

    private static BlankInfillingConfig Blanks(Trial<Sizes> t) => new()
    {
        MaskToken = Mask(t),
        StartToken = Start(t),
        EndToken = Ids(t).EndToken,
        SentenceEnds = [.. new[] { ".", "!", "?" }.Select(end => Text(t).Tokenizer.Encode(end)[0])],
    };

    private static Ready Infiller(Trial<Sizes> t, BlankInfillingConfig blanks) => Train<IBlankInfillingLM>(
        t,
        new(new BlankPairs { MaskToken = Mask(t), StartToken = Start(t) }, Mask(t)),
        BlankInfillerConfig.Glm(Vocabulary(t), 3 * Context(t), t.Settings.Width, t.Settings.Layers, t.Settings.Width / 16),
        BlankInfilling.Objective(blanks));

    /// <summary>Pretrains with every learning rate, keeps the best by its own objective on validation text, and fine-tunes a copy on cloze questions.</summary>
    private static Ready Train<TModel>(Trial<Sizes> t, GapFormat format, ModelConfig config, Objective<TModel, TokenBatch> objective) where TModel : class, IModel
    {
        var model = Tuning.Best(
            t.Settings.Rates,
            rate => Fit(t, (TModel)config.Build(t.Seed.For("init")), objective, Text(t)["text"].Batches(t.Settings.Rows, t.Seed.For("text")), t.Settings.Steps, rate),
            model => ObjectiveLosses.Mean(objective, model, Text(t)["text"].HeldOut(SplitPart.Validation), new(1), t.Work));
        SequencePair[] cloze = [.. Task(t).Pairs(Context(t)).Select(p => format.Pair(p.Source, [.. p.Target.SkipLast(1)], []))];
        var batches = new SequencePairBatches(cloze, t.Settings.Rows, Ids(t).PadToken, t.Seed.For("task"));
        return new(model, Fit<IModel, SequencePairBatch>(t, model.Copy(), ConditionalLM.Objective(format.Form), batches, t.Settings.TuneSteps, t.Settings.TuneRate), format);
    }

    private static TModel Fit<TModel, TBatch>(Trial<Sizes> t, TModel model, Objective<TModel, TBatch> objective, IBatches<TBatch> batches, int steps, double rate)
        where TModel : class, IModel
        where TBatch : IBatch<TBatch>
    {
        var config = new TrainingConfig { Steps = steps, Optimizer = t.Settings.Optimizer with { LearningRate = rate }, Precision = PrecisionMode.Float32 };
        new Trainer(config, t.Seed.For("train"), t.Work).Fit(model, objective, batches);
        return model;
    }

    /// <summary>A pretrained model, a copy fine-tuned on cloze questions, and how both are asked.</summary>
    public sealed record Ready(IModel Model, IModel Tuned, GapFormat Format) : IDisposable
    {
        public void Dispose()
        {
            Model.Module.Dispose();
            Tuned.Module.Dispose();
        }
    }

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>The domain <c>text</c>, under a tokenizer with a mask, a start token and sentinels.</summary>
        public TextTestbedConfig Testbed { get; init; } = Bed(new DataSetSourceConfig { Name = "go-definitions" }, 64, 1024, 128);

        /// <summary>What cloze questions are about.</summary>
        public PromptedTaskConfig Task { get; init; } = new()
        {
            Name = "ontology",
            Source = new DataSetSourceConfig { Name = "go-definitions" },
            Field = "ontology",
            Prompts = [new() { Text = "{text} This is a", Answers = [" process", " component", " function"] }],
            MaxPerClass = 300,
        };

        /// <summary>A multiple of 16, the width of a head.</summary>
        [Range(16, 8192)]
        public int Width { get; init; } = 64;

        /// <summary>Even: of a single stack; an encoder-decoder has half of them on each side.</summary>
        [Range(2, 100)]
        public int Layers { get; init; } = 2;

        /// <summary>Rows a step.</summary>
        [Range(1, 4096)]
        public int Rows { get; init; } = 8;

        [Range(1, int.MaxValue)]
        public int Steps { get; init; } = 250;

        [Range(1, int.MaxValue)]
        public int TuneSteps { get; init; } = 80;

        /// <summary>Learning rates that every arm tries; validation text chooses.</summary>
        public ImmutableArray<double> Rates { get; init; } = [3e-3, 1e-2];

        /// <summary>Of fine-tuning.</summary>
        [Range(1e-9, 1)]
        public double TuneRate { get; init; } = 2e-3;

        public AdamWConfig Optimizer { get; init; } = new();
    }
}
