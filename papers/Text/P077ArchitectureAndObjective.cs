using System.Collections.Immutable;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Worlds.Text;

namespace Heirloom.Reproductions.Text;

/// <summary>Architectures and pretraining objectives for zero-shot use, before and after multitask fine-tuning, and adaptation between them.</summary>
public sealed class P077ArchitectureAndObjective : IPaper
{
    private const string CausalLm = "causal decoder, full LM", CausalMasked = "causal decoder, masked LM", PrefixLm = "prefix decoder, prefix LM",
        PrefixMasked = "prefix decoder, masked LM", TwoLm = "encoder-decoder, prefix LM", TwoMasked = "encoder-decoder, masked LM", Tuned = " + tasks";

    public static Paper Describe() => new Paper<Sizes, Ready>
    {
        Id = 77,
        Source = new("What Language Model Architecture and Pretraining Objective Work Best for Zero-Shot Generalization?", "Wang, Roberts, Hesslow, Le Scao, Chung, Beltagy, Launay, Raffel", 2022, new("https://arxiv.org/abs/2204.05832")),
        Claim = "Pretrained only, a causal decoder of full language modelling is best zero-shot; after multitask fine-tuning, models of masked language modelling that read the input both ways are. Adapting a model to another architecture and objective is faster than training one from scratch.",
        Smoke = new()
        {
            Seeds = 1,
            Testbed = Bed(new WorldSourceConfig { World = new HmmTextConfig(), Documents = 120 }, 32, 512, 8),
            Tasks = [World("first", 2), World("second", 3)],
            HeldOut = World("third", 4),
            Study = new() { Width = 16, Layers = 1, Rows = 4, Steps = 4, TuneSteps = 2, Rates = [3e-3] },
        },
        Quick = new(),
        Full = new() { Seeds = 5, Study = new() { Width = 512, Layers = 6, Rows = 64, Steps = 20_000, TuneSteps = 2000, Rates = [3e-4, 1e-3, 3e-3] } },
        Train =
        [
            .. Grid(CausalLm, new CausalPairs(), masked: false),
            .. Grid(CausalMasked, new CausalPairs(), masked: true),
            .. Grid(PrefixLm, new PrefixPairs(), masked: false),
            .. Grid(PrefixMasked, new PrefixPairs(), masked: true),
            .. Grid(TwoLm, new EncoderDecoderPairs(), masked: false),
            .. Grid(TwoMasked, new EncoderDecoderPairs(), masked: true),
            new("causal decoder adapted to prefix decoder, masked LM", t => Pretrain(t, "adapted to masked", new PrefixPairs(), masked: true, from: Pretrain(t, CausalLm, new CausalPairs(), masked: false).Model, share: 1 / 3.3)),
            new("prefix decoder adapted to causal decoder, full LM", t => Pretrain(t, "adapted to full", new CausalPairs(), masked: false, from: Pretrain(t, PrefixMasked, new PrefixPairs(), masked: true).Model, share: 1 / 1.6)),
        ],
        Measure =
        [
            new("continuations", Better.Higher, (m, t) => Answers(m, ContinuationChoice.Questions(Text(t)["text"].HeldOut(), t.Settings.Testbed.ContextLength / 2, t.Settings.Testbed.ContextLength / 4, 4, new(1)), t)) { Unit = "accuracy", Only = Zeroshot },
            new("held-out task", Better.Higher, (m, t) => Answers(m, Task(t, t.Settings.HeldOut).Questions(t.Settings.Testbed.ContextLength), t)) { Unit = "accuracy", Only = Zeroshot },
            new("masked LM", Better.Lower, (m, t) => InfillingProbe.Of(Text(t)["text"].HeldOut(), Spans, new(1)).Infilled(m.Form, m.Model, Ids(t), null, t.Work).ByRow) { Unit = "nats/token", Only = [PrefixMasked, "causal decoder adapted to prefix decoder, masked LM"] },
            new("full LM", Better.Lower, (m, t) => Text(t)["text"].Losses((ICausalLM)m.Model, t.Work).ByRow) { Unit = "nats/token", Only = [CausalLm, "prefix decoder adapted to causal decoder, full LM"] },
        ],
        Findings =
        [
            .. new[] { PrefixLm, TwoLm, CausalMasked, PrefixMasked, TwoMasked }.Select(other => new Finding
            {
                Claim = $"pretrained only, causal full LM is best zero-shot: better than {other}", Method = CausalLm, Baseline = other, Measure = "continuations",
            }),
            .. new[] { CausalLm, PrefixMasked, TwoMasked }.Select(arm => new Finding
            {
                Claim = $"multitask fine-tuning makes it better at a task that it has not seen: {arm}", Method = arm + Tuned, Baseline = arm, Measure = "held-out task",
            }),
            new() { Claim = "fine-tuned, the encoder-decoder of masked LM beats the causal decoder", Method = TwoMasked + Tuned, Baseline = CausalLm + Tuned, Measure = "held-out task" },
            new() { Claim = "fine-tuned, the prefix decoder of masked LM beats the causal decoder", Method = PrefixMasked + Tuned, Baseline = CausalLm + Tuned, Measure = "held-out task" },
            new() { Claim = "fine-tuned, masked LM beats prefix LM in an encoder-decoder", Method = TwoMasked + Tuned, Baseline = TwoLm + Tuned, Measure = "held-out task" },
            new() { Claim = "adapted from full LM, masked LM is reached in 1/3.3 of the steps", Method = "causal decoder adapted to prefix decoder, masked LM", Baseline = PrefixMasked, Measure = "masked LM" },
            new() { Claim = "adapted from masked LM, full LM is reached in 1/1.6 of the steps", Method = "prefix decoder adapted to causal decoder, full LM", Baseline = CausalLm, Measure = "full LM" },
        ],
        Departures =
        [
            "models of a few hundred thousand parameters on definitions, newswires and reviews, instead of 5 and 11 billion on C4; all take the same steps over the same rows, and the encoder-decoder has as many layers on each side as a decoder in all, so that a token costs as much",
            "multitask fine-tuning reads four labelled sets with two prompts each, where T0's mixture has 62 sets; the held-out task asks of another body of text, which pretraining may have read without its labels; one rate for fine-tuning",
            "zero-shot tasks are choosing the passage that goes on a text among four, and the held-out task; answers are ranked by likelihood, as in the paper",
            "before fine-tuning, models of masked LM are asked through a sentinel, the only way in which they have learned to write; afterwards all are asked alike",
            "adaptation is measured by the loss of its target after the paper's fraction of the steps, not by reading a curve",
        ],
    };

    private static readonly DenoiserConfig Spans = new() { Rate = 0.15, MeanSpanLength = 3 };

    private static readonly ImmutableArray<string> Zeroshot = [.. new[] { CausalLm, CausalMasked, PrefixLm, PrefixMasked, TwoLm, TwoMasked }.SelectMany(name => new[] { name, name + Tuned })];

    private static TextTestbedConfig Bed(SourceConfig source, int context, int vocabulary, int rows) => new()
    {
        Domains = [new() { Name = "text", Source = source }],
        Tokenizer = new() { VocabularySize = vocabulary, Padding = "<|padding|>", SpecialTokens = Sentinels.Names(32) },
        ContextLength = context,
        MaxHeldOutRows = rows,
    };

    private static PromptedTaskConfig World(string name, ulong seed) => new()
    {
        Name = name,
        Source = new WorldSourceConfig { World = new HmmTextConfig { Topics = 2, Period = 1 }, Seed = new(seed), Documents = 60 },
        Field = "topic",
        Prompts = [new() { Text = "{text} topic", Answers = [" a", " b"] }],
    };

    private static TextTestbed Text(Trial<Sizes> t) => t.Shared("text", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private static SpanCorruptionConfig Ids(Trial<Sizes> t) => Sentinels.Of(Text(t).Tokenizer);

    private static PromptedTask Task(Trial<Sizes> t, PromptedTaskConfig task) => t.Shared($"task {task.Name}", () => PromptedTask.Open(task, Text(t).Tokenizer, t.Work));

    private static IEnumerable<Arm<Sizes, Ready>> Grid(string name, PairForm form, bool masked) =>
        [new(name, t => Pretrain(t, name, form, masked)), new(name + Tuned, t => Tune(t, name, Pretrain(t, name, form, masked)))];

    /// <summary>Trains from scratch or from another model.</summary>
    private static Ready Pretrain(Trial<Sizes> t, string name, PairForm form, bool masked, IModel? from = null, double share = 1)
    {
        var objective = masked ? MixtureOfDenoisers.Objective(form, new() { Tokens = Ids(t), Denoisers = [Spans] })
            : form is CausalPairs ? (model, batch, seed) => CausalLM.Objective()((ILanguageModel)model, batch.AsTexts(), seed)
            : TextContinuation.Objective(form);
        return new(
            t.Shared(name, () => t.Settings.Study.Pretrain(
                () => from?.Copy() ?? t.Settings.Study.ModelFor(form, Text(t)).Build(t.Seed.For("init")), objective, Text(t)["text"], t.Seed, t.Work, share)),
            form,
            masked);
    }

    private static Ready Tune(Trial<Sizes> t, string name, Ready pretrained)
    {
        SequencePair[] pairs = [.. t.Settings.Tasks.SelectMany(task => Task(t, task).Pairs(t.Settings.Testbed.ContextLength))];
        var tuned = t.Shared(name + Tuned, () => t.Settings.Study.FineTune(pretrained.Model, pretrained.Form, pairs, Ids(t).PadToken, t.Seed, t.Work));
        return new(tuned, pretrained.Form, Sentinel: false);
    }

    private static double[] Answers(Ready m, IReadOnlyList<RankedQuestion> questions, Trial<Sizes> t)
    {
        var format = m.Sentinel ? new GapFormat(m.Form, Ids(t).FirstSentinel, Echo: true, Ids(t).EndToken) : new GapFormat(m.Form);
        return RankClassification.Of(m.Form, m.Model, [.. questions.Select(format.Ask)], Ids(t).PadToken, t.Work).Correct;
    }

    /// <summary>A model with how it reads pairs, and whether it writes after a sentinel.</summary>
    public sealed record Ready(IModel Model, PairForm Form, bool Sentinel);

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>The domain <c>text</c>, under a tokenizer with sentinels.</summary>
        public TextTestbedConfig Testbed { get; init; } = Bed(
            new ConcatSourceConfig { Sources = [.. new[] { "go-definitions", "reuters", "food-reviews" }.Select(name => new DataSetSourceConfig { Name = name })] }, 64, 1024, 128);

        /// <summary>What multitask fine-tuning reads.</summary>
        public ImmutableArray<PromptedTaskConfig> Tasks { get; init; } =
        [
            YesNo("mail", "spam-assassin", "label", "spam"),
            YesNo("news", "reuters", "grain", "grain"),
            YesNo("licenses", "spdx-licenses", "approved", "approved"),
            YesNo("corn", "reuters", "corn", "corn"),
        ];

        /// <summary>What it does not read.</summary>
        public PromptedTaskConfig HeldOut { get; init; } = YesNo("reviews", "food-reviews", "label", "critical");

        public ObjectiveStudyConfig Study { get; init; } = new() { Steps = 200, TuneSteps = 100 };

        /// <summary>Two prompts for a question that is answered by yes where the class comes last by name.</summary>
        private static PromptedTaskConfig YesNo(string name, string set, string field, string what) => new()
        {
            Name = name,
            Source = new DataSetSourceConfig { Name = set },
            Field = field,
            Prompts =
            [
                new() { Text = $"{{text}}\nIs it {what}? Answer:", Answers = [" no", " yes"] },
                new() { Text = $"Read this.\n{{text}}\nWould you call it {what}?", Answers = [" no", " yes"] },
            ],
            Split = new() { Validation = 0, Test = 0.5 },
            MaxPerClass = 150,
        };
    }
}
