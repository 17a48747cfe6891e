using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Worlds.Text;

namespace Heirloom.Reproductions.Text;

/// <summary>Mixture of denoisers with paradigm tokens.</summary>
public sealed class P031Ul2 : IPaper
{
    public static Paper Describe() => new Paper<Sizes, Ready>
    {
        Id = 31,
        Source = new("UL2: Unifying Language Learning Paradigms", "Tay, Dehghani, Tran, Garcia, Wei, Wang, Chung, Bahri, Schuster, Zheng, Zhou, Houlsby, Metzler", 2022, new("https://arxiv.org/abs/2205.05131")),
        Claim = "One model pretrained on a mixture of regular, sequential and extreme denoising does what span corruption and causal language modelling do each, decoder-only and encoder-decoder, and its paradigm tokens switch it between them.",
        Smoke = new()
        {
            Seeds = 1,
            Testbed = Bed(new WorldSourceConfig { World = new HmmTextConfig(), Documents = 120 }, 32, 512, 8),
            Task = new() { Name = "topic", Source = new WorldSourceConfig { World = new HmmTextConfig { Topics = 2, Period = 1 }, Seed = new(2), Documents = 60 }, Field = "topic", Prompts = [new() { Text = "{text} topic", Answers = [" a", " b"] }] },
            Study = new() { Width = 16, Layers = 1, Rows = 4, Steps = 4, TuneSteps = 2, Rates = [3e-3] },
        },
        Quick = new(),
        Full = new() { Seeds = 5, Study = new() { Width = 512, Layers = 6, Rows = 64, Steps = 20_000, TuneSteps = 1000, Rates = [3e-4, 1e-3, 3e-3] } },
        Train =
        [
            new("UL2, decoder", t => Train(t, new PrefixPairs(), Mixture(t), "RS")),
            new("UL2, decoder, wrong token", t => Train(t, new PrefixPairs(), Mixture(t), "SR")),
            new("span corruption, decoder", t => Train(t, new PrefixPairs(), Spans(t))),
            new("causal LM, decoder", t => Train(t, new CausalPairs(), null)),
            new("UL2, encoder-decoder", t => Train(t, new EncoderDecoderPairs(), Mixture(t), "RS")),
            new("UL2, encoder-decoder, wrong token", t => Train(t, new EncoderDecoderPairs(), Mixture(t), "SR")),
            new("span corruption, encoder-decoder", t => Train(t, new EncoderDecoderPairs(), Spans(t))),
        ],
        Measure =
        [
            new("infilling", Better.Lower, (m, t) => Losses(m, Regular, 0, t).ByRow) { Unit = "nats/token" },
            new("continuation", Better.Lower, (m, t) => Losses(m, Sequential, 1, t).ByRow) { Unit = "nats/token" },
            new("fine-tuned", Better.Higher, (m, t) => RankClassification.Of(m.Form, m.Tuned, [.. Task(t).Questions(t.Settings.Testbed.ContextLength).Select(q => q with { Prompt = [.. m.Mode, .. q.Prompt] })], Ids(t).PadToken, t.Work).Correct)
            {
                Unit = "accuracy",
                Only = ["UL2, decoder", "span corruption, decoder", "causal LM, decoder", "UL2, encoder-decoder", "span corruption, encoder-decoder"],
            },
        ],
        Findings =
        [
            new() { Claim = "a decoder fills gaps better than one of causal LM", Method = "UL2, decoder", Baseline = "causal LM, decoder", Measure = "infilling" },
            new() { Claim = "… and continues text better than one of span corruption", Method = "UL2, decoder", Baseline = "span corruption, decoder", Measure = "continuation" },
            new() { Claim = "… nearly as well as causal LM does", Method = "UL2, decoder", Baseline = "causal LM, decoder", Measure = "continuation", Margin = -0.1 },
            new() { Claim = "… and fills gaps nearly as well as span corruption does", Method = "UL2, decoder", Baseline = "span corruption, decoder", Measure = "infilling", Margin = -0.1 },
            new() { Claim = "an encoder-decoder continues text better than one of span corruption", Method = "UL2, encoder-decoder", Baseline = "span corruption, encoder-decoder", Measure = "continuation" },
            new() { Claim = "… and fills gaps nearly as well", Method = "UL2, encoder-decoder", Baseline = "span corruption, encoder-decoder", Measure = "infilling", Margin = -0.1 },
            new() { Claim = "fine-tuned, a decoder beats one of causal LM", Method = "UL2, decoder", Baseline = "causal LM, decoder", Measure = "fine-tuned" },
            new() { Claim = "fine-tuned, a decoder beats one of span corruption", Method = "UL2, decoder", Baseline = "span corruption, decoder", Measure = "fine-tuned" },
            new() { Claim = "fine-tuned, an encoder-decoder beats one of span corruption", Method = "UL2, encoder-decoder", Baseline = "span corruption, encoder-decoder", Measure = "fine-tuned" },
            new() { Claim = "the right token beats the wrong one at continuing", Method = "UL2, decoder", Baseline = "UL2, decoder, wrong token", Measure = "continuation" },
            new() { Claim = "… at filling gaps", Method = "UL2, decoder", Baseline = "UL2, decoder, wrong token", Measure = "infilling" },
            new() { Claim = "… in an encoder-decoder at continuing", Method = "UL2, encoder-decoder", Baseline = "UL2, encoder-decoder, wrong token", Measure = "continuation" },
            new() { Claim = "… and at filling gaps", Method = "UL2, encoder-decoder", Baseline = "UL2, encoder-decoder, wrong token", Measure = "infilling" },
        ],
        Departures =
        [
            "models of a few hundred thousand parameters on definitions of biological terms instead of up to 20 billion on C4; every objective takes the same steps over the same rows and the same learning rates to choose from",
            "the encoder-decoder has as many layers on each side as the decoder has in all, so that a token costs as much and its parameters are twice as many, as in the paper",
            "fine-tuning asks for a definition's kind; its texts may be among those of pretraining, without their labels",
            "the longest spans have an eighth of a row, as 64 of 512 in the paper: at 64 tokens they are as long as the second regular ones, so that of seven denoisers five differ and one is both [R]'s and [X]'s",
            "fine-tuning asks in the mode [R]; one rate for it, in all arms",
            "gaps and continuations are scored by the loss of the same held-out tokens, each model in its own format (a causal model sees what stands before); the paper scores fine-tuned and one-shot tasks",
            "the tolerance of a tenth of a nat to each specialist at its own task is ours",
        ],
    };

    private static readonly DenoiserConfig Regular = new() { Rate = 0.15, MeanSpanLength = 3 };

    private static readonly DenoiserConfig Sequential = new() { Rate = 0.25 };

    private static TextTestbedConfig Bed(SourceConfig source, int context, int vocabulary, int rows) => new()
    {
        Domains = [new() { Name = "text", Source = source }],
        Tokenizer = new() { VocabularySize = vocabulary, Padding = "<|padding|>", SpecialTokens = [.. Sentinels.Names(32), "[R]", "[S]", "[X]"] },
        ContextLength = context,
        MaxHeldOutRows = rows,
    };

    private static TextTestbed Text(Trial<Sizes> t) => t.Shared("text", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private static PromptedTask Task(Trial<Sizes> t) => t.Shared("task", () => PromptedTask.Open(t.Settings.Task, Text(t).Tokenizer, t.Work));

    private static SpanCorruptionConfig Ids(Trial<Sizes> t) => Sentinels.Of(Text(t).Tokenizer);

    private static MixtureOfDenoisersConfig Mixture(Trial<Sizes> t) => MixtureOfDenoisersConfig.Published(
        Ids(t), Text(t).Tokenizer.IdOf("[R]"), Text(t).Tokenizer.IdOf("[S]"), Text(t).Tokenizer.IdOf("[X]"), t.Settings.Testbed.ContextLength / 8);

    private static MixtureOfDenoisersConfig Spans(Trial<Sizes> t) => new() { Tokens = Ids(t), Denoisers = [Regular] };

    /// <summary>Pretrains, and fine-tunes a copy; arms that differ in the token alone share both.</summary>
    private static Ready Train(Trial<Sizes> t, PairForm form, MixtureOfDenoisersConfig? denoisers, string tokens = "")
    {
        Objective<IModel, TokenBatch> objective = denoisers is null
            ? (model, batch, seed) => CausalLM.Objective()((ILanguageModel)model, batch.AsTexts(), seed)
            : MixtureOfDenoisers.Objective(form, denoisers);
        var (study, name) = (t.Settings.Study, $"{form.GetType().Name} {denoisers?.Denoisers.Length}");
        var model = t.Shared(name, () => study.Pretrain(() => study.ModelFor(form, Text(t)).Build(t.Seed.For("init")), objective, Text(t)["text"], t.Seed, t.Work));
        var tuned = t.Shared($"{name} tuned", () => study.FineTune(
            model, form, [.. Task(t).Pairs(t.Settings.Testbed.ContextLength).Select(p => p with { Source = [.. Mode(t, denoisers), .. p.Source] })], Ids(t).PadToken, t.Seed, t.Work));
        return new(model, tuned, form, denoisers is not null, tokens, Mode(t, denoisers));
    }

    /// <summary>The token of the mode that tasks are asked in, for models that know modes.</summary>
    private static IReadOnlyList<long> Mode(Trial<Sizes> t, MixtureOfDenoisersConfig? denoisers) => denoisers?.Denoisers.Length > 1 ? [Text(t).Tokenizer.IdOf("[R]")!.Value] : [];

    /// <summary>What a model pays for held-out spans in its own format.</summary>
    private static TokenLosses Losses(Ready m, DenoiserConfig denoiser, int token, Trial<Sizes> t)
    {
        var probe = InfillingProbe.Of(Text(t)["text"].HeldOut(), denoiser, new(1));
        return m.Sentinels
            ? probe.Infilled(m.Form, m.Model, Ids(t), m.Tokens.Length > 0 ? Text(t).Tokenizer.IdOf($"[{m.Tokens[token]}]") : null, t.Work)
            : probe.LeftToRight((ILanguageModel)m.Model, t.Work);
    }

    /// <summary>A pretrained model, fine-tuned too, with how it is asked: its form, whether gaps are sentinels, the letters of its tokens for gaps and for continuations, and the token that tasks start with.</summary>
    public sealed record Ready(IModel Model, IModel Tuned, PairForm Form, bool Sentinels, string Tokens, IReadOnlyList<long> Mode);

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>The domain <c>text</c>, under a tokenizer with sentinels and paradigm tokens.</summary>
        public TextTestbedConfig Testbed { get; init; } = Bed(new DataSetSourceConfig { Name = "go-definitions" }, 64, 1024, 128);

        /// <summary>What a copy is fine-tuned on.</summary>
        public PromptedTaskConfig Task { get; init; } = new()
        {
            Name = "ontology",
            Source = new DataSetSourceConfig { Name = "go-definitions" },
            Field = "ontology",
            Prompts = [new() { Text = "{text} This is a", Answers = [" process", " component", " function"] }],
            MaxPerClass = 300,
        };

        public ObjectiveStudyConfig Study { get; init; } = new();
    }
}
