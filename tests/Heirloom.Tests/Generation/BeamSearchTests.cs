using Heirloom.Generation;
using Heirloom.Models;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Tests.Generation;

public class BeamSearchTests
{
    private static readonly int[] _prompt = [1, 2];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    [InlineData(2.0)]
    public void EnoughBeamsFindTheBestOfAll(double penalty)
    {
        using var model = Small();
        const int End = 0;
        var all = Enumerate(model, _prompt, End, 3).Select(c => (c.Ids, Score: c.LogProbability / Math.Pow(c.Length, penalty))).OrderByDescending(c => c.Score).ToList();
        var got = new BeamSearch(model).Search(_prompt, new() { Beams = 200, LengthPenalty = penalty, MaxTokens = 3, StopIds = [End] }, stop: Stop);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(all[i].Ids, got[i].Ids);
            Assert.Equal(all[i].Score, got[i].Score, 1e-4);
        }
    }

    [Fact]
    public void OneBeamIsGreedy()
    {
        using var model = TokenGeneratorTests.Make();
        var expected = TokenGeneratorTests.Uncached(model, _prompt, 8);
        var got = Assert.Single(new BeamSearch(model).Search(_prompt, new() { Beams = 1, MaxTokens = 8 }, stop: Stop));
        Assert.Equal(expected.Ids, got.Ids);
        Assert.Equal(expected.Scores.Sum(), got.LogProbability, 1e-4);
        Assert.Equal(FinishReason.Length, got.Reason);
    }

    [Fact]
    public void MoreBeamsFindLikelierTextOverall()
    {
        using var model = TokenGeneratorTests.Make(std: 0.2);
        double Total(int beams) => Enumerable.Range(0, 10)
            .Sum(first => new BeamSearch(model).Search([first, 7], new() { Beams = beams, MaxTokens = 8 }, stop: Stop)[0].LogProbability);
        Assert.True(Total(4) > Total(1));
        Assert.True(Total(16) > Total(4));
    }

    [Fact]
    public void ScoresAreThoseOfTheModel()
    {
        using var model = TokenGeneratorTests.Make();
        var got = new BeamSearch(model).Search(_prompt, new() { Beams = 4, MaxTokens = 6, StopIds = [5] }, stop: Stop);
        Assert.Equal(4, got.Count);
        Assert.Equal(got.OrderByDescending(h => h.Score), got);
        Assert.Equal(got.Count, got.Select(h => string.Join(' ', h.Ids)).Distinct().Count());
        foreach (var hypothesis in got)
        {
            int[] row = hypothesis.Reason == FinishReason.Stop ? [.. hypothesis.Ids, 5] : [.. hypothesis.Ids];
            Assert.Equal(LogProbability(model, _prompt, row), hypothesis.LogProbability, 1e-4);
            Assert.Equal(hypothesis.LogProbability / row.Length, hypothesis.Score, 1e-9);
        }
    }

    private static Decoder Small() => (DecoderConfig.Llama(5, 8, 8, 1, 2) with
    {
        Initialization = new Heirloom.Layers.NormalInitializationConfig { Std = 0.5 },
    }).Build(new Seed(2));

    private static IEnumerable<(int[] Ids, double LogProbability, int Length)> Enumerate(Decoder model, int[] prompt, int stop, int left, params int[] so)
    {
        for (var id = 0; id < model.VocabularySize; id++)
        {
            int[] longer = [.. so, id];
            if (id == stop || left == 1)
            {
                yield return (id == stop ? so : longer, LogProbability(model, prompt, longer), longer.Length);
                continue;
            }

            foreach (var further in Enumerate(model, prompt, stop, left - 1, longer))
            {
                yield return further;
            }
        }
    }

    private static double LogProbability(Decoder model, int[] prompt, int[] continuation)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var ids = tensor(prompt.Concat(continuation).Select(t => (long)t).ToArray()).unsqueeze(0);
        var scores = model.Head(model.Encode(new TokenInputs(ids)))[0].log_softmax(-1);
        return continuation.Select((id, i) => (double)scores[prompt.Length - 1 + i, id].item<float>()).Sum();
    }
}
