using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;
using Heirloom.Worlds.Text;

namespace Heirloom.Reproductions.InContext;

/// <summary>In-context learning from a mixture of hidden Markov models (GINC).</summary>
public sealed class P186ImplicitBayes : IPaper
{
    private static readonly int[][] s_orders =
        [.. from a in Enumerable.Range(0, 4) from b in Enumerable.Range(0, 4) from c in Enumerable.Range(0, 4) where a != b && b != c && a != c select new[] { a, b, c, 6 - a - b - c }];

    /// <summary>Documents that choose a learning rate.</summary>
    private const int HeldOut = 128;

    public static Paper Describe() => new Paper<Sizes, ILanguageModel>
    {
        Id = 186,
        Source = new("An Explanation of In-context Learning as Implicit Bayesian Inference", "Xie et al.", 2022, new("https://arxiv.org/abs/2111.02080")),
        Claim = "Pretraining on documents of latent concepts makes a model infer the concept of a prompt: accuracy grows with examples and model size, for LSTMs too, and not without concepts.",
        Departures =
        [
            "documents are as long as the context instead of 10,240 tokens cut to 1024, and every step reads fresh ones instead of five passes over 1000",
            "quick models have at most two layers of width 64 instead of 4, 12 and 16 layers of width 768, and the LSTM has two instead of six",
            "the quick world has 5 entities instead of 10, and ten concepts (as the published data) where the paper says five: the exact Bayesian predictor gains 0.17 there from twelve examples of three tokens, and nothing in smaller worlds; the full profile has the published one",
            "every arm chooses between two learning rates; gradients are clipped at a norm of 1; world and example length were chosen after development runs on other seeds",
            "the order of examples is scored by choosing the best and the worst order on half of the questions and comparing them on the other half",
            "examples of three tokens only, where the paper has 3, 5, 8 and 10",
            "model size is compared at one against two layers in the quick profile, at 4 against 12 in the full one",
        ],
        Smoke = new() { Seeds = 1, World = GincConfig.Example, Steps = 3, Context = 32, Width = 16, Layers = 1, Rows = 2, Examples = 4, Shots = [0, 4], Prompts = 4, OrderedSets = 1, Questions = 2, Rates = [5e-3] },
        Quick = new(),
        Full = new() { Seeds = 5, World = new(), Context = 1024, Width = 768, SmallLayers = 4, Layers = 12, LstmLayers = 6, Rows = 8, Steps = 6000, Examples = 64, Shots = [0, 1, 2, 4, 8, 16, 32, 64], Prompts = 2500, Heads = 12, Rates = [4e-4, 8e-4, 1.6e-3] },
        Train =
        [
            new("transformer", t => Fit(t, () => Transformer(t, t.Settings.Layers))),
            new("small transformer", t => Fit(t, () => Transformer(t, t.Settings.SmallLayers))),
            new("LSTM", t => Fit(t, () => new LstmLMConfig { VocabularySize = t.Settings.World.Vocabulary, ContextLength = t.Settings.Context, Width = t.Settings.Width, Layers = t.Settings.LstmLayers }.Build(t.Seed.For("init")))),
            new("one concept", t => Fit(t, () => Transformer(t, t.Settings.Layers), concept: 0)),
            new("random tokens", t => Fit(t, () => Transformer(t, t.Settings.Layers), Random(t, "random"), Random(t, "held out", HeldOut))),
        ],
        Measure =
        [
            new("accuracy", Better.Higher, Accuracy) { SameExamples = false },
            new("gain from examples", Better.Higher, (m, t) => Gain(m, t, t.Settings.Examples)) { Unit = "accuracy", SameExamples = false },
            new("loss from the first example", Better.Higher, (m, t) => [.. Gain(m, t, 1).Select(g => -g)]) { Unit = "accuracy", SameExamples = false, Only = ["transformer", "LSTM"] },
            new("range over orders", Better.Higher, Orders) { Unit = "accuracy", SameExamples = false, Only = ["transformer", "LSTM", "random tokens"] },
            new("gain from examples of its own concept", Better.Higher, (m, t) => Gain(m, t, t.Settings.Examples, concept: 0)) { Unit = "accuracy", SameExamples = false, Only = ["transformer", "one concept"] },
        ],
        Findings =
        [
            new() { Claim = "examples help", Method = "transformer", Constant = 0, Measure = "gain from examples" },
            new() { Claim = "… an LSTM too", Method = "LSTM", Constant = 0, Measure = "gain from examples" },
            new() { Claim = "… not after pretraining on one concept", Method = "transformer", Baseline = "one concept", Measure = "gain from examples" },
            new() { Claim = "… not even in prompts of that concept", Method = "transformer", Baseline = "one concept", Measure = "gain from examples of its own concept" },
            new() { Claim = "… not after pretraining on random tokens", Method = "transformer", Baseline = "random tokens", Measure = "gain from examples" },
            new() { Claim = "a larger model is better", Method = "transformer", Baseline = "small transformer", Measure = "accuracy" },
            new() { Claim = "an LSTM is better than a transformer", Method = "LSTM", Baseline = "transformer", Measure = "accuracy" },
            new() { Claim = "the order of examples matters, by a tenth", Method = "transformer", Constant = 0.1, Measure = "range over orders" },
            new() { Claim = "the first example can hurt", Method = "transformer", Constant = 0, Measure = "loss from the first example" },
        ],
    };

    private static Ginc World(Trial<Sizes> t) => t.Shared("world", () => new Ginc(t.Settings.World with { DocumentLength = t.Settings.Context }, t.Seed.For("world")));

    private static Decoder Transformer(Trial<Sizes> t, int layers) =>
        DecoderConfig.Gpt2(t.Settings.World.Vocabulary, t.Settings.Context, t.Settings.Width, layers, t.Settings.Heads).Build(t.Seed.For("init"));

    private static UniformTokens Random(Trial<Sizes> t, string seed, long? count = null) => new(t.Settings.World.Vocabulary, t.Settings.Context, t.Seed.For(seed), count);

    private static ILanguageModel Fit(Trial<Sizes> t, Func<ILanguageModel> start, int? concept = null) =>
        Fit(t, start, new GincDocuments(World(t), concept: concept), new GincDocuments(World(t), first: long.MaxValue / 2, concept, HeldOut));

    /// <summary>Every arm with the same grid of learning rates, chosen by documents of its own kind that it was not trained on.</summary>
    private static ILanguageModel Fit(Trial<Sizes> t, Func<ILanguageModel> start, IRows<int[]> documents, IRows<int[]> heldOut) => Tuning.Best(
        t.Settings.Rates,
        rate =>
        {
            var model = start();
            var config = new TrainingConfig { Steps = t.Settings.Steps, Optimizer = t.Settings.Optimizer with { LearningRate = rate }, Schedule = t.Settings.Schedule };
            new Trainer(config, t.Seed.For("train"), t.Work).Fit(model, CausalLM.Objective(), Batches(t, documents));
            return model;
        },
        model => TokenLosses.Of(model, Batches(t, heldOut), t.Work).Mean);

    private static RowBatches<int[], TokenBatch> Batches(Trial<Sizes> t, IRows<int[]> documents) =>
        new(documents, t.Settings.Rows, Predictable);

    private static TokenBatch Predictable(IReadOnlyList<int[]> rows)
    {
        var batch = TokenBatch.OfRows(rows);
        return batch with { Targets = CausalLM.NextTokens(batch) };
    }

    private static AnsweredPrompt[] Prompts(Trial<Sizes> t, int examples, int? concept = null) =>
        [.. Enumerable.Range(0, t.Settings.Prompts).Select(i => World(t).Prompt(i, examples, t.Settings.ExampleLength, concept)).Select(p => new AnsweredPrompt(p.Tokens, p.Answer))];

    private static double[] Accuracy(ILanguageModel model, Trial<Sizes> t)
    {
        foreach (var shots in t.Settings.Shots)
        {
            t.Plot("accuracy by examples", shots, InContextAccuracy.Of(model, Prompts(t, shots), t.Work).Average());
        }

        return InContextAccuracy.Of(model, Prompts(t, t.Settings.Examples), t.Work);
    }

    /// <summary>Right with the examples minus right without them, for the same questions.</summary>
    private static double[] Gain(ILanguageModel model, Trial<Sizes> t, int examples, int? concept = null)
    {
        var prompts = Prompts(t, examples, concept);
        var bare = prompts.Select(p => p with { Tokens = [.. p.Tokens.Skip(p.Tokens.Count - t.Settings.ExampleLength + 1)] }).ToArray();
        return [.. InContextAccuracy.Of(model, prompts, t.Work).Zip(InContextAccuracy.Of(model, bare, t.Work), (with, without) => with - without)];
    }

    private static double[] Orders(ILanguageModel model, Trial<Sizes> t) => InContextAccuracy.RangeOverOrders(
        model,
        Enumerable.Range(0, t.Settings.OrderedSets)
            .Select(set => World(t).Prompts(set, 4, t.Settings.ExampleLength, t.Settings.Questions))
            .Select(prompts => s_orders.Select(order => prompts.Select(p => p.Reordered(order)).Select(p => new AnsweredPrompt(p.Tokens, p.Answer)).ToArray()).ToArray()),
        t.Work);

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>The world; its documents are as long as the context.</summary>
        public GincConfig World { get; init; } = new() { Concepts = 10, Entities = 5 };

        [Range(8, 1 << 16)]
        public int Context { get; init; } = 64;

        [Range(1, 8192)]
        public int Width { get; init; } = 64;

        /// <summary>Of the transformers.</summary>
        [Range(1, 128)]
        public int Heads { get; init; } = 2;

        [Range(1, 100)]
        public int Layers { get; init; } = 2;

        [Range(1, 100)]
        public int SmallLayers { get; init; } = 1;

        [Range(1, 100)]
        public int LstmLayers { get; init; } = 2;

        /// <summary>Documents a step.</summary>
        [Range(1, 4096)]
        public int Rows { get; init; } = 32;

        [Range(1, int.MaxValue)]
        public int Steps { get; init; } = 250;

        /// <summary>Learning rates that every arm tries.</summary>
        public ImmutableArray<double> Rates { get; init; } = [3e-3, 1e-2];

        public AdamWConfig Optimizer { get; init; } = new();

        public ScheduleConfig Schedule { get; init; } = new LinearConfig { WarmUp = 0.1 };

        /// <summary>Tokens an example, k.</summary>
        [Range(2, 1000)]
        public int ExampleLength { get; init; } = 3;

        /// <summary>Examples of a prompt, n.</summary>
        [Range(1, 1000)]
        public int Examples { get; init; } = 12;

        /// <summary>Numbers of examples for the curve.</summary>
        public ImmutableArray<int> Shots { get; init; } = [0, 1, 2, 4, 8, 12];

        /// <summary>Prompts of an evaluation.</summary>
        [Range(1, 1 << 20)]
        public int Prompts { get; init; } = 500;

        /// <summary>Sets of four examples that are put in all their orders.</summary>
        [Range(1, 1000)]
        public int OrderedSets { get; init; } = 8;

        /// <summary>Questions after each order: half choose the orders, half compare them.</summary>
        [Range(2, 1000)]
        public int Questions { get; init; } = 80;
    }
}
