using System.ComponentModel.DataAnnotations;
using Heirloom.Core.Ranks;
using Heirloom.Data;
using Heirloom.Data.Refining;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Layers;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Workers;
using Heirloom.Worlds.Text;

namespace Heirloom.Reproductions.Text;

/// <summary>Falcon: refined web text, and an architecture that decodes cheaply (Almazrouei et al. 2023; Penedo et al. 2023).</summary>
public sealed class P142Falcon : IPaper
{
    public static Paper Describe() => new Paper<Sizes, Decoder>
    {
        Id = 142,
        Source = new("The Falcon Series of Open Language Models", "Almazrouei et al.", 2023, new("https://arxiv.org/abs/2311.16867")),
        Claim = "Filtering and deduplicating web text, each and together, makes a better model of the same tokens; sharing keys and values among heads makes decoding cheaper at nearly the same loss; and data-parallel training is the training of one process.",
        Departures =
        [
            "decoders of under 250,000 parameters and the text of a tenth of the Brown corpus, made into web pages by known noise (furniture, copies, near copies, stuffed pages, unsolicited mail), instead of 1.3B to 180B and a crawl of the web; the model is scored on clean text that was held out before",
            "pages have no addresses, so the address filter has nothing to do; language identification and text extraction are left out",
            "the noise is drawn once, so all seeds read the same pages",
            "data-parallel workers are threads of one process: two that share the weights, and two ranks with weights of their own that divide the optimizer's states; the network between machines is left out",
            "one learning rate for all arms, chosen on other seeds and not by arm; the tolerance of a twentieth of a nat to full heads and to blocks in sequence is ours",
            "the furniture is what the line filter's published rules name, so that filtering is measured at its best; repeated spans are cut from 50 words, not tokens",
            "decoding is timed on the machine at hand, after a longer prompt than the models are trained on, which changes no operation",
        ],
        Smoke = new()
        {
            Seeds = 1, Clean = World(1), Spam = World(2), Split = new() { Validation = 0.2, Test = 0.2, Salt = "held out" }, ContextLength = 32, HeldOutRows = 8,
            Vocabulary = 400, Width = 16, Layers = 1, Heads = 2, Steps = 4, ParallelSteps = 2, Rows = 4, DecodeRows = 2, DecodePrompt = 8,
            Rules = new() { MinWords = 5, MinStopWords = 0 },
        },
        Quick = new() { Seeds = 3 },
        Full = new() { Seeds = 5, Split = new() { Test = 0.1, Salt = "held out" }, Vocabulary = 8192, ContextLength = 256, Width = 256, Layers = 6, Steps = 8000, DecodePrompt = 2048, HeldOutRows = 512 },
        Train =
        [
            new("raw", t => Train(t, "raw")),
            new("filtered", t => Train(t, "filtered")),
            new("deduplicated", t => Train(t, "deduplicated")),
            new("refined", t => Train(t, "refined")),
            new("refined, grouped heads", t => Train(t, "refined", t.Settings.Heads / 2)),
            new("refined, every head its own", t => Train(t, "refined", t.Settings.Heads)),
            new("refined, blocks in sequence", t => Train(t, "refined", layout: BlockLayout.Sequential)),
            new("two workers", t => Few(t, 2)),
            new("two ranks, divided optimizer", t => Few(t, Enumerable.Range(0, 2).Select(_ => Start(t)).ToArray())),
        ],
        Measure =
        [
            new("clean text", Better.Lower, (m, t) => Text(t)["clean"].Losses(m, t.Work).ByRow) { Unit = "nats/token", Only = [.. s_trained] },
            new("cache", Better.Lower, (m, _) => [Decoding.CacheBytesPerToken((DecoderConfig)m.Config)]) { Unit = "bytes/token", Only = [.. s_heads] },
            new("decoding", Better.Higher, (m, t) => [Speed(m, t)]) { Unit = "tokens/s", SameExamples = false, Only = [.. s_heads] },
            new("largest change of a logit", Better.Lower, (m, t) => [LogitDistance.Max(t.Shared("one worker", () => Few(t, 1)), m, Text(t)["clean"].HeldOut(), t.Work)]) { SameExamples = false, Only = [.. s_parallel] },
        ],
        Findings =
        [
            new() { Claim = "filtering helps at equal tokens", Method = "filtered", Baseline = "raw", Measure = "clean text" },
            new() { Claim = "deduplicating helps at equal tokens", Method = "deduplicated", Baseline = "raw", Measure = "clean text" },
            new() { Claim = "both help at equal tokens", Method = "refined", Baseline = "raw", Measure = "clean text" },
            new() { Claim = "… more than filtering", Method = "refined", Baseline = "filtered", Measure = "clean text" },
            new() { Claim = "… and more than deduplicating", Method = "refined", Baseline = "deduplicated", Measure = "clean text" },
            new() { Claim = "one key–value head costs little loss", Method = "refined", Baseline = "refined, every head its own", Measure = "clean text", Margin = -0.05 },
            new() { Claim = "… and so do groups", Method = "refined, grouped heads", Baseline = "refined, every head its own", Measure = "clean text", Margin = -0.05 },
            new() { Claim = "it decodes faster", Method = "refined", Baseline = "refined, every head its own", Measure = "decoding" },
            new() { Claim = "branches side by side cost little loss", Method = "refined", Baseline = "refined, blocks in sequence", Measure = "clean text", Margin = -0.05 },
            new() { Claim = "two workers train as one process does", Method = "two workers", Constant = 1e-3, Measure = "largest change of a logit" },
            new() { Claim = "… and so do two ranks with a sharded optimizer", Method = "two ranks, divided optimizer", Constant = 1e-3, Measure = "largest change of a logit" },
        ],
    };

    private static readonly string[] s_trained = ["raw", "filtered", "deduplicated", "refined", "refined, grouped heads", "refined, every head its own", "refined, blocks in sequence"];

    private static readonly string[] s_heads = ["refined", "refined, grouped heads", "refined, every head its own"];

    private static readonly string[] s_parallel = ["two workers", "two ranks, divided optimizer"];

    private static WorldSourceConfig World(ulong seed) => new() { World = new HmmTextConfig { Vocabulary = 200, Sentences = 6 }, Seed = new(seed), Documents = 150 };

    private static TextTestbed Text(Trial<Sizes> t) => t.Shared("text", () =>
    {
        var raw = t.Settings.Noise with { Source = new SplitSourceConfig { Source = t.Settings.Clean, Part = SplitPart.Train, Fractions = t.Settings.Split }, Spam = t.Settings.Spam };
        SourceConfig Deduplicated(SourceConfig source) => new RepeatedSpansSourceConfig
        {
            Source = new NearDedupSourceConfig { Source = new ExactDedupSourceConfig { Source = source }, Hashing = t.Settings.Hashing },
        };
        var filtered = new QualityFilterSourceConfig { Source = new CorrectLinesSourceConfig { Source = raw }, Rules = t.Settings.Rules };
        return TextTestbed.Open(
            new()
            {
                Domains =
                [
                    new() { Name = "raw", Source = raw },
                    new() { Name = "filtered", Source = filtered },
                    new() { Name = "deduplicated", Source = Deduplicated(raw) },
                    new() { Name = "refined", Source = Deduplicated(filtered) },
                    new() { Name = "clean", Source = new SplitSourceConfig { Source = t.Settings.Clean, Part = SplitPart.Test, Fractions = t.Settings.Split } },
                ],
                TokenizerFrom = ["raw"],
                Tokenizer = new() { VocabularySize = t.Settings.Vocabulary },
                Split = new() { Validation = 0.1, Test = 0.3 },
                ContextLength = t.Settings.ContextLength,
                MaxHeldOutRows = t.Settings.HeldOutRows,
            },
            t.Work);
    });

    private static DecoderConfig Shape(Trial<Sizes> t, int keyValueHeads = 1) => DecoderConfig.Falcon(
        Text(t).Tokenizer.VocabularySize, t.Settings.ContextLength, t.Settings.Width, t.Settings.Layers, t.Settings.Heads, keyValueHeads);

    private static Decoder Train(Trial<Sizes> t, string text, int keyValueHeads = 1, BlockLayout layout = BlockLayout.ParallelSharedNorm)
    {
        var shape = Shape(t, keyValueHeads);
        return Fit(t, (shape with { Block = shape.Block with { Layout = layout } }).Build(t.Seed.For("init")), text, t.Settings.Steps, 1);
    }

    private static Decoder Start(Trial<Sizes> t) => Shape(t).Build(t.Seed.For("init"));

    private static Decoder Few(Trial<Sizes> t, int workers) => Fit(t, Start(t), "refined", t.Settings.ParallelSteps, workers);

    private static Decoder Few(Trial<Sizes> t, Decoder[] copies)
    {
        Text(t); // once, before ranks ask for it side by side
        ThreadRanks.Run(copies.Length, ranks => Fit(t, copies[ranks.Rank], "refined", t.Settings.ParallelSteps, 1, ranks));
        Array.ForEach(copies[1..], c => c.Dispose());
        return copies[0];
    }

    private static Decoder Fit(Trial<Sizes> t, Decoder model, string text, long steps, int workers, IRanks? ranks = null)
    {
        var work = ranks is null ? t.Work : t.Work with { Ranks = ranks, Progress = ranks.Leads ? t.Work.Progress : SilentProgress.Instance };
        var objective = workers == 1 ? CausalLM.Objective() : DataParallel.Over(CausalLM.Objective(), workers);
        new Trainer(new() { Steps = steps, Optimizer = t.Settings.Optimizer }, t.Seed.For("train"), work).Fit(
            model, objective, Text(t)[text].Batches(t.Settings.Rows, t.Seed.For("batches")));
        return model;
    }

    private static double Speed(Decoder model, Trial<Sizes> t)
    {
        var (settings, tokens) = (t.Settings, 32);
        using var longer = (((DecoderConfig)model.Config) with { ContextLength = settings.DecodePrompt + tokens }).Build(t.Seed.For("init"));
        return Decoding.TokensPerSecond(longer, settings.DecodeRows, settings.DecodePrompt, tokens, t.Work, runs: 5);
    }

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        public SourceConfig Clean { get; init; } = new DataSetSourceConfig { Name = "brown" };

        public SourceConfig Spam { get; init; } = new FilterSourceConfig { Source = new DataSetSourceConfig { Name = "spam-assassin" }, Where = [new() { Field = "label", Is = "spam" }], MaxCharacters = 8000 };

        /// <summary>What of the clean text becomes web pages (train) and what is scored (test).</summary>
        public DocumentSplit Split { get; init; } = new() { Validation = 0.8, Test = 0.1, Salt = "held out" };

        /// <summary>Its sources are set from the above.</summary>
        public WebNoiseSourceConfig Noise { get; init; } = WebNoiseSourceConfig.Example;

        public QualityRulesConfig Rules { get; init; } = new();

        public MinHashConfig Hashing { get; init; } = new();

        [Range(300, 1 << 20)]
        public int Vocabulary { get; init; } = 1024;

        [Range(2, 1 << 16)]
        public int ContextLength { get; init; } = 64;

        [Range(1, int.MaxValue)]
        public int HeldOutRows { get; init; } = 256;

        [Range(8, 8192)]
        public int Width { get; init; } = 64;

        [Range(1, 100)]
        public int Layers { get; init; } = 2;

        [Range(2, 1024)]
        public int Heads { get; init; } = 8;

        /// <summary>Rows a step.</summary>
        [Range(1, 4096)]
        public int Rows { get; init; } = 16;

        [Range(1, int.MaxValue)]
        public int Steps { get; init; } = 250;

        /// <summary>Steps that one and two workers make.</summary>
        [Range(1, int.MaxValue)]
        public int ParallelSteps { get; init; } = 20;

        public AdamWConfig Optimizer { get; init; } = new() { LearningRate = 4e-3 };

        /// <summary>Sequences that are decoded side by side.</summary>
        [Range(1, 4096)]
        public int DecodeRows { get; init; } = 32;

        /// <summary>Tokens before the first that is decoded.</summary>
        [Range(1, 1 << 20)]
        public int DecodePrompt { get; init; } = 512;
    }
}
