using CsCheck;
using Heirloom.Encoding;
using Heirloom.Generation;
using Heirloom.Generation.Text;
using static TorchSharp.torch;

namespace Heirloom.Tests.Generation;

public sealed class TextGeneratorTests
{
    private static readonly ByteLevelBpe s_tokenizer = TinyText.Tokenizer;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Whatever tokens come, the pieces are whole characters and together the text.</summary>
    [Fact]
    public void StreamedTextNeverCutsACharacter() => Gen.Int[0, s_tokenizer.VocabularySize - 1].Array[0, 120].Sample(ids =>
    {
        var stream = new TextStream(s_tokenizer);
        var pieces = ids.Select(stream.Add).ToList();
        pieces.Add(stream.Finish());
        Assert.Equal(s_tokenizer.Decode(ids), string.Concat(pieces));
    }, iter: 300, threads: 1);

    [Theory]
    [InlineData("日本 🙂 the cat é")]
    [InlineData("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦")]
    public void StreamedTextComesAsSoonAsItIsWhole(string text)
    {
        var stream = new TextStream(s_tokenizer);
        var pieces = s_tokenizer.Encode(text).Select(stream.Add).ToList();
        Assert.Equal(text, string.Concat(pieces));
        Assert.DoesNotContain(pieces, p => p.Contains('\uFFFD') || (p.Length > 0 && (char.IsHighSurrogate(p[^1]) || char.IsLowSurrogate(p[0]))));
    }

    [Fact]
    public void StopStringsAreFoundHoweverTheTextIsCut() => Gen.Int[0, 3].Array[0, 30].Sample(letters =>
    {
        var text = string.Concat(letters.Select(l => "abcd"[l]));
        string[] stops = ["abca", "cc", "dab"];
        var first = stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(text.Length).Min();
        var scanner = new StopScanner(stops);
        var shown = "";
        foreach (var c in text)
        {
            shown += scanner.Add(c.ToString());
        }

        var stopped = scanner.IsStopped;
        Assert.Equal(stopped, first < text.Length);
        Assert.Equal(text[..first], shown + (stopped ? "" : scanner.Finish()));
    }, iter: 1000, threads: 1);

    [Theory]
    [InlineData(64)]
    [InlineData(20)] // close to the end of the context, padding must take no prompt's positions
    public void BatchedPromptsAreContinuedAsOneByOne(int context)
    {
        using var model = TinyText.Model(context);
        var generator = new TextGenerator(model, s_tokenizer);
        int[][] prompts = [s_tokenizer.Encode("the cat sat"), s_tokenizer.Encode("é"), s_tokenizer.Encode("on the mat the dog"), s_tokenizer.Encode("日")];
        foreach (var sampling in (SamplingConfig[])[SamplingConfig.Greedy, new() { Temperature = 0.9, TopP = 0.9, RepetitionPenalty = 1.2, NoRepeatNGram = 3 }])
        {
            var config = new TextGenerationConfig { MaxTokens = 14, Sampling = sampling };
            var together = generator.Generate(prompts, config, new Seed(5), stop: Stop);
            var alone = generator.Generate(prompts, config with { BatchSize = 1 }, new Seed(5), stop: Stop);
            Assert.Equal(alone.Select(t => (t.Text, t.Reason)), together.Select(t => (t.Text, t.Reason)));
            Assert.Equal(alone.SelectMany(t => t.Ids), together.SelectMany(t => t.Ids));
            Assert.All(alone.SelectMany(t => t.LogProbabilities).Zip(together.SelectMany(t => t.LogProbabilities)), p => Assert.Equal(p.First, p.Second, 1e-4));
        }
    }

    [Fact]
    public void AStopStringEndsATextAndTheOthersGoOn()
    {
        using var model = TinyText.Model();
        var generator = new TextGenerator(model, s_tokenizer);
        int[][] prompts = [s_tokenizer.Encode("the cat"), s_tokenizer.Encode("the log")];
        var plain = generator.Generate(prompts, new() { MaxTokens = 20 }, new Seed(1), stop: Stop);
        var stop = plain[0].Text.Substring(4, 3);
        var streamed = new[] { "", "" };
        var got = generator.Generate(prompts, new() { MaxTokens = 20, StopStrings = [stop] }, new Seed(1), p => streamed[p.Prompt] += p.Text, stop: Stop);

        Assert.Equal(plain[0].Text[..plain[0].Text.IndexOf(stop, StringComparison.Ordinal)], got[0].Text);
        Assert.Equal(FinishReason.Stop, got[0].Reason);
        Assert.Equal(got.Select(g => g.Text), streamed);
    }

    [Fact]
    public void NoRunOfTokensIsRepeated()
    {
        using var model = TinyText.Model(std: 0.05);
        var prompt = s_tokenizer.Encode("the cat sat on the cat");
        var got = new TokenGenerator(model).Generate([prompt], new() { MaxTokens = 40, Sampling = SamplingConfig.Greedy with { NoRepeatNGram = 2 } }, new Seed(1), stop: Stop)[0];
        var all = prompt.Concat(got.Ids).ToList();
        var made = all.Zip(all.Skip(1)).Skip(prompt.Length - 1).ToList();
        Assert.Equal(made.Count, made.Distinct().Count());
        Assert.DoesNotContain(made, pair => all.Take(prompt.Length).Zip(all.Take(prompt.Length).Skip(1)).Contains(pair));
    }

    [Fact]
    public void CountPenaltyCountsWhatWasWrittenAndNotThePrompt()
    {
        using var scope = NewDisposeScope();
        var got = new CountPenalty(0.5, 0.25, prompt: 2).Apply(zeros(2, 4), [[0, 1, 2, 2, 3], [3, 3, 0]]);
        Assert.Equal([0, 0, -1, -0.75f, -0.75f, 0, 0, 0], got.data<float>().ToArray());
    }

    [Fact]
    public void ScoresAreThoseOfTheTokensThatWereWritten()
    {
        using var model = TinyText.Model();
        var prompt = s_tokenizer.Encode("the cat");
        var got = new TokenGenerator(model).Generate([prompt], new() { MaxTokens = 12 }, new Seed(2), stop: Stop)[0];
        var scores = new TextScorer(model).Score([.. prompt, .. got.Ids]);

        Assert.Equal(prompt.Length + got.Ids.Length - 1, scores.Length);
        Assert.All(scores.Skip(prompt.Length - 1).Zip(got.LogProbabilities), p => Assert.Equal(p.First, p.Second, 1e-4));
    }

    [Fact]
    public void APromptKeepsWhatStandsBeforeItAndNotWhatStandsBehind()
    {
        var tokenizer = BpeTrainer.Train(["a b a b"], new() { VocabularySize = 262, BeginningOfText = "<s>", AddSpecialTokens = true }, new WorkContext());
        Assert.Equal([tokenizer.IdOf("<s>")!.Value, .. tokenizer.Encode("a b")], PromptEncoder.Encode(tokenizer, "a b"));
        Assert.Equal([tokenizer.IdOf("<s>")!.Value], PromptEncoder.Encode(tokenizer, ""));
    }

    [Fact]
    public void APromptLongerThanTheContextIsOneLine()
    {
        using var model = TinyText.Model(context: 8);
        var error = Assert.Throws<UserError>(() => new TextGenerator(model, s_tokenizer).Generate([[1], [.. Enumerable.Repeat(1, 9)]], new(), new Seed(1), stop: Stop));
        Assert.Equal("prompt 2: its 9 tokens do not fit the model's context of 8; shorten it", error.Message);
    }
}
