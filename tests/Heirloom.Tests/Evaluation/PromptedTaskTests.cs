using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sources;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Worlds.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Evaluation;

public class PromptedTaskTests
{
    private static readonly SourceConfig Source = new WorldSourceConfig { World = new HmmTextConfig { Vocabulary = 100, Topics = 2, Period = 1, Sentences = 2 }, Documents = 80 };

    private static readonly PromptedTaskConfig Config = new()
    {
        Name = "topics",
        Source = Source,
        Field = "topic",
        Prompts = [new() { Text = "Read: {text} Which?", Answers = [" one", " other"] }, new() { Text = "{text}?", Answers = [" a", " b"] }],
        MaxPerClass = 10,
    };

    private static readonly WorkContext Work = new();

    private static readonly Tokenizer Tokens = new BpeTrainingConfig { VocabularySize = 400, Padding = "<pad>", SpecialTokens = Sentinels.Names(3) }
        .Train(Source.Open(new()).Read().Select(d => d.Text), new());

    [Fact]
    public void PromptsHoldTheTextAndItsRightAnswer()
    {
        var task = PromptedTask.Open(Config, Tokens, Work);

        var pairs = task.Pairs(40);

        Assert.All(pairs.Zip(task.Train), p =>
        {
            Assert.InRange(p.First.Source.Count + p.First.Target.Count, 1, 40);
            Assert.Equal(Tokens.EndOfText, (int)p.First.Target[^1]);
        });
        Assert.Equal(task.Train[0].Label == 0 ? " one" : " other", Tokens.Decode(pairs[0].Target.Select(id => (int)id)));
        Assert.StartsWith("Read: ", Tokens.Decode(pairs[0].Source.Select(id => (int)id)), StringComparison.Ordinal);
        Assert.EndsWith(" Which?", Tokens.Decode(pairs[0].Source.Select(id => (int)id)), StringComparison.Ordinal);
        Assert.EndsWith(" Which?", Tokens.Decode(pairs[1].Source.Select(id => (int)id)), StringComparison.Ordinal);
        var seen = pairs.Zip(task.Train, (p, text) => (text.Label, Asks: Tokens.Decode(p.Source.Select(id => (int)id)).StartsWith("Read: ", StringComparison.Ordinal)));
        Assert.Equal(4, seen.Distinct().Count()); // no prompt tells the class
    }

    [Fact]
    public void ClassesAreBalancedAndTextsOnOneSide()
    {
        var task = PromptedTask.Open(Config, Tokens, Work);

        Assert.Equal(task.Train.Count(t => t.Label == 0), task.Train.Count(t => t.Label == 1));
        Assert.Equal(2 * task.Test.Count, task.Questions(40).Count);
        Assert.Empty(task.Train.Select(t => string.Join(' ', t.Ids)).Intersect(task.Test.Select(t => string.Join(' ', t.Ids))));
    }

    [Theory]
    [InlineData("no text", "must hold {text} once")]
    [InlineData("{text} and {text}", "must hold {text} once")]
    public void PromptsWithoutTheirTextAreRefused(string text, string message) => Assert.Contains(
        message, Assert.Throws<UserError>(() => PromptedTask.Open(Config with { Prompts = [new() { Text = text, Answers = ["a", "b"] }] }, Tokens, Work)).Message, StringComparison.Ordinal);

    [Fact]
    public void MissingAnswersAreRefused() => Assert.Contains(
        "each of the 2 classes", Assert.Throws<UserError>(() => PromptedTask.Open(Config with { Prompts = [new() { Text = "{text}", Answers = ["a"] }] }, Tokens, Work)).Message, StringComparison.Ordinal);

    [Fact]
    public void SentinelsDescendFromTheFirst()
    {
        var ids = Sentinels.Of(Tokens);

        Assert.Equal(3, ids.Sentinels);
        Assert.Equal("<extra_id_0>", Tokens.TokenOf(ids.FirstSentinel));
        Assert.Equal("<extra_id_2>", Tokens.TokenOf(ids.FirstSentinel - 2));
        Assert.Equal(Tokens.Padding, ids.PadToken);
    }

    [Fact]
    public void TheLikeliestAnswerIsChosen()
    {
        using var scope = NewDisposeScope();
        using var model = DecoderConfig.Llama(32, 16, 16, 1, 2).Build(new(1));
        RankedQuestion[] questions = [.. Enumerable.Range(0, 20).Select(i => new RankedQuestion([3 + i % 7, 4], [[5 + i % 5, 6], [9, 10 + i % 4, 11]], i % 2))];

        var answers = RankClassification.Of(new CausalPairs(), model, questions, 0, Work);
        var perToken = RankClassification.Of(new CausalPairs(), model, questions, 0, Work, perToken: true);

        for (var i = 0; i < questions.Length; i++)
        {
            double[] mean = [.. questions[i].Choices.Select(c => (double)ConditionalLM.Loss(new CausalPairs(), model, SequencePairBatches.Collate([new(questions[i].Prompt, c)], 0)).Total.item<float>())];
            Assert.Equal(mean[0] * 2 <= mean[1] * 3 ? 0 : 1, answers.Predicted[i]);
            Assert.Equal(mean[0] <= mean[1] ? 0 : 1, perToken.Predicted[i]);
        }

        Assert.Equal(questions.Select(q => q.Answer), answers.Labels);
    }

    [Fact]
    public void ProbesAskForTheSameTokensInEveryFormat()
    {
        using var scope = NewDisposeScope();
        using var model = DecoderConfig.Llama(64, 64, 16, 1, 2).Build(new(1));
        var rows = new ExampleBatches<TokenBatch, TokenBatch>([new(arange(4, 24).expand(3, -1).contiguous())], 1, false, new(0), (b, _) => b[0], "rows");
        var ids = new SpanCorruptionConfig { FirstSentinel = 60, Sentinels = 20, EndToken = 1 };

        var probe = InfillingProbe.Of(rows, new() { Rate = 0.3, MeanSpanLength = 2 }, new(1));

        var infilled = probe.Infilled(new PrefixPairs(), model, ids, mode: 2, Work);
        var plain = probe.LeftToRight(model, Work);
        Assert.Equal([6, 6, 6], infilled.Counts);
        Assert.Equal(infilled.Counts, plain.Counts);
        Assert.All(probe.Texts, t => Assert.False(t.Noise[0]));
    }

    [Fact]
    public void EveryPassageIsRightOnceAndNeverBesideItself()
    {
        using var scope = NewDisposeScope();
        var rows = new ExampleBatches<TokenBatch, TokenBatch>([new(arange(100).view(10, 10))], 1, false, new(0), (b, _) => b[0], "rows");

        var questions = ContinuationChoice.Questions(rows, prompt: 4, passage: 3, choices: 4, new(1));

        Assert.Equal(10, questions.Select(q => q.Prompt[0]).Distinct().Count());
        Assert.All(questions, q =>
        {
            Assert.Equal(q.Prompt[^1] + 1, q.Choices[q.Answer][0]);
            Assert.Equal(4, q.Choices.Select(c => c[0]).Distinct().Count());
        });
        Assert.True(questions.Select(q => q.Answer).Distinct().Count() > 1);
    }
}
