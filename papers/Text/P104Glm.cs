using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sets;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
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
            Study = new() { Width = 16, Rows = 4, Steps = 4, TuneSteps = 2, Rates = [3e-3] },
        },
        Quick = new(),
        Full = new() { Seeds = 5, Study = new() { Width = 512, Layers = 6, Rows = 64, Steps = 20_000, TuneSteps = 1000, Rates = [3e-4, 1e-3, 3e-3] } },
        Train =
        [
            new(Glm, t => Infiller(t, Blanks(t))),
            new("GLM, sentences", t => Infiller(t, Blanks(t) with { Documents = 0, Sentences = 0.5 })),
            new("GLM, short spans alone", t => Infiller(t, Blanks(t) with { Documents = 0 })),
            new(Bert, t => Train<IMaskedLM>(
                t,
                new(new MaskedPairs { MaskToken = Mask(t) }, Mask(t)),
                EncoderConfig.Bert(Vocabulary(t), 2 * Context(t), t.Settings.Study.Width, t.Settings.Study.Layers, t.Settings.Study.Heads()),
                (model, batch, seed) => MaskedLM.Objective(Masking(t))(model, batch.AsTexts(), seed))),
            new(Gpt, t => Train<ILanguageModel>(
                t,
                new(new CausalPairs()),
                DecoderConfig.Gpt2(Vocabulary(t), 2 * Context(t), t.Settings.Study.Width, t.Settings.Study.Layers, t.Settings.Study.Heads()),
                (model, batch, seed) => CausalLM.Objective()(model, batch.AsTexts(), seed))),
            new(T5, t => Train<ISequenceToSequenceLM>(
                t,
                new(new EncoderDecoderPairs(), Ids(t).FirstSentinel, Echo: true, Ids(t).EndToken),
                EncoderDecoderConfig.T5(Vocabulary(t), t.Settings.Study.Width, t.Settings.Study.Layers / 2, t.Settings.Study.Heads()),
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
            new() { Claim = "… and so are sentences", Method = "GLM, sentences", Baseline = "GLM, short spans alone", Measure = "generation" },
        ],
        Departures =
        [
            "models of a few hundred thousand parameters on definitions of biological terms instead of 110 million and more on BookCorpus and Wikipedia; all take the same steps over the same rows, T5-type with half the layers on each side, so that sizes are nearly equal",
            "cloze questions ask for a definition's kind, in place of SuperGLUE (its texts may be among those of pretraining, without their labels); every model answers in its own format, the masked language model with a mask for each token, of answers and of gaps: it predicts them at once, without each other, and knows their number",
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
        BlankInfillerConfig.Glm(Vocabulary(t), 3 * Context(t), t.Settings.Study.Width, t.Settings.Study.Layers, t.Settings.Study.Heads()),
        BlankInfilling.Objective(blanks));

    /// <summary>Pretrains, and fine-tunes a copy on cloze questions.</summary>
    private static Ready Train<TModel>(Trial<Sizes> t, GapFormat format, ModelConfig config, Objective<TModel, TokenBatch> objective) where TModel : class, IModel
    {
        var model = t.Settings.Study.Pretrain(() => (TModel)config.Build(t.Seed.For("init")), objective, Text(t)["text"], t.Seed, t.Work);
        SequencePair[] cloze = [.. Task(t).Pairs(Context(t)).Select(p => format.Pair(p.Source, [.. p.Target.SkipLast(1)], []))];
        return new(model, t.Settings.Study.FineTune(model, format.Form, cloze, Ids(t).PadToken, t.Seed, t.Work), format);
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

        /// <summary>Layers are even: an encoder-decoder has half of them on each side.</summary>
        public ObjectiveStudyConfig Study { get; init; } = new();
    }
}
