using Heirloom.Generation;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Generation;

public class TokenGeneratorTests
{
    private const int Vocabulary = 23;

    private static readonly int[][] _prompts = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11]];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<PositionsConfig> PositionKinds => [new RotaryPositionsConfig(), new LearnedPositionsConfig(), new AlibiPositionsConfig()];

    [Theory, MemberData(nameof(PositionKinds))]
    public void BatchedAndCachedIsAsOneByOneWithoutACache(PositionsConfig positions)
    {
        using var model = Make(positions);
        var got = new TokenGenerator(model).Generate(_prompts, new() { MaxTokens = 12, Sampling = SamplingConfig.Greedy }, new Seed(1), stop: Stop);
        for (var i = 0; i < _prompts.Length; i++)
        {
            var (ids, scores) = Uncached(model, _prompts[i], 12);
            Assert.Equal(ids, got[i].Ids);
            Assert.All(scores.Zip(got[i].LogProbabilities), p => Assert.Equal(p.First, p.Second, 1e-4));
            Assert.Equal(FinishReason.Length, got[i].Reason);
        }
    }

    [Fact]
    public void ARowEndsAtAStopTokenAndTheOthersGoOn()
    {
        using var model = Make();
        var generator = new TokenGenerator(model);
        var config = new GenerationConfig { MaxTokens = 12, Sampling = SamplingConfig.Greedy };
        var plain = generator.Generate(_prompts, config, new Seed(1), stop: Stop);
        var stop = plain[1].Ids[4];
        var got = generator.Generate(_prompts, config with { StopIds = [stop] }, new Seed(1), stop: Stop);
        for (var i = 0; i < _prompts.Length; i++)
        {
            var at = plain[i].Ids.IndexOf(stop);
            Assert.Equal(at < 0 ? plain[i].Ids : plain[i].Ids[..at], got[i].Ids);
            Assert.Equal(at < 0 ? FinishReason.Length : FinishReason.Stop, got[i].Reason);
        }

        Assert.Equal(FinishReason.Stop, got[1].Reason);
    }

    [Fact]
    public void WhatARowDrawsDependsOnItsSeedAlone()
    {
        using var model = Make();
        var generator = new TokenGenerator(model);
        var config = new GenerationConfig { MaxTokens = 10, Sampling = new() { TopP = 0.95 } };
        var together = generator.Generate(_prompts, config, new Seed(7), stop: Stop);
        Assert.Equal(together[0].Ids, generator.Generate(_prompts[..1], config, new Seed(7), stop: Stop)[0].Ids);
        Assert.Equal(together.Select(g => g.Ids), generator.Generate(_prompts, config, new Seed(7), stop: Stop).Select(g => g.Ids));
        Assert.NotEqual(together[2].Ids, generator.Generate(_prompts, config, new Seed(8), stop: Stop)[2].Ids);
    }

    [Fact]
    public void TokensAppearAsTheyAreChosen()
    {
        using var model = Make();
        var seen = new List<EmittedToken>();
        var got = new TokenGenerator(model).Generate(_prompts, new() { MaxTokens = 5 }, new Seed(1), seen.Add, stop: Stop);
        for (var i = 0; i < _prompts.Length; i++)
        {
            Assert.Equal(got[i].Ids, seen.Where(t => t.Row == i).Select(t => t.Id));
            Assert.Equal(got[i].LogProbabilities, seen.Where(t => t.Row == i).Select(t => t.LogProbability));
        }

        Assert.Equal([0, 1, 2, 0, 1, 2], seen.Take(6).Select(t => t.Row));
    }

    [Fact]
    public void StopsWhenAsked()
    {
        using var model = Make();
        using var stop = new CancellationTokenSource();
        var got = new TokenGenerator(model).Generate(
            _prompts, new() { MaxTokens = 12 }, new Seed(1), t => stop.Cancel(), stop: stop.Token);
        Assert.All(got, g => Assert.Equal(FinishReason.Canceled, g.Reason));
        Assert.All(got, g => Assert.Single(g.Ids));
    }

    [Fact]
    public void EndsWhereTheContextIsFull()
    {
        using var model = Make();
        var prompt = Enumerable.Repeat(3, 30).ToArray();
        var got = new TokenGenerator(model).Generate([prompt], new() { MaxTokens = 12 }, new Seed(1), stop: Stop)[0];
        Assert.Equal(FinishReason.Context, got.Reason);
        Assert.Equal(3, got.Ids.Length); // positions 30 and 31, and one that is predicted but never read
    }

    [Fact]
    public void RulesShapeWhatIsWritten()
    {
        using var model = Make();
        var got = new TokenGenerator(model).Generate(_prompts, new() { MaxTokens = 6 }, new Seed(1), rules: [new OnlyNextAfter()], stop: Stop);
        Assert.Equal([4, 5, 6, 7, 8, 9], got[0].Ids);
        Assert.Equal([12, 13, 14, 15, 16, 17], got[2].Ids);
    }

    [Fact]
    public void RefusesPromptsThatDoNotFitTheModel()
    {
        using var model = Make();
        string Message(params int[][] prompts) =>
            Assert.Throws<UserError>(() => new TokenGenerator(model).Generate(prompts, new(), new Seed(1), stop: Stop)).Message;
        Assert.Contains("33 tokens do not fit the model's context of 32", Message(new int[33]), StringComparison.Ordinal);
        Assert.Contains("token 23 is outside the model's vocabulary of 23", Message([1], [23]), StringComparison.Ordinal);
        Assert.Contains("prompt 2: token -1", Message([1], [-1]), StringComparison.Ordinal);
        Assert.Contains("no tokens", Message([[]]), StringComparison.Ordinal);
        Assert.Contains("no prompt", Message(), StringComparison.Ordinal);
    }

    [Fact]
    public void LeavesTheModelAsItWasAndNoTensorsBehind()
    {
        using var model = Make();
        model.train();
        var config = new GenerationConfig { MaxTokens = 6, Sampling = new() { TopK = 5, TopP = 0.9, MinP = 0.01, RepetitionPenalty = 1.2 } };
        void Generate()
        {
            new TokenGenerator(model).Generate(_prompts, config, new Seed(1), stop: Stop);
            new BeamSearch(model).Search(_prompts[0], new() { MaxTokens = 4, StopIds = [3] }, stop: Stop);
        }

        Generate();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Generate();
        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        Assert.True(model.training);
        Assert.True(is_grad_enabled());
    }

    internal static Decoder Make(PositionsConfig? positions = null, double std = 0.4) => (DecoderConfig.Llama(Vocabulary, 32, 16, 2, 4, 2) with
    {
        Positions = positions ?? new RotaryPositionsConfig(),
        Initialization = new NormalInitializationConfig { Std = std },
    }).Build(new Seed(11));

    /// <summary>The oracle: reads the whole row anew for each token.</summary>
    internal static (List<int> Ids, List<double> Scores) Uncached(Decoder model, int[] prompt, int count)
    {
        using var frozen = no_grad();
        List<int> row = [.. prompt];
        List<double> scores = [];
        for (var i = 0; i < count; i++)
        {
            using var scope = NewDisposeScope();
            var last = model.Head(model.Encode(new TokenInputs(tensor(row.Select(t => (long)t).ToArray()).unsqueeze(0))))[0, -1].log_softmax(-1);
            row.Add((int)last.argmax().item<long>());
            scores.Add(last[row[^1]].item<float>());
        }

        return (row[prompt.Length..], scores);
    }

    private sealed class OnlyNextAfter : ILogitRule
    {
        public Tensor Apply(Tensor logits, IReadOnlyList<IReadOnlyList<int>> rows)
        {
            var ruled = full_like(logits, double.NegativeInfinity);
            for (var b = 0; b < rows.Count; b++)
            {
                ruled[b, (rows[b][^1] + 1) % Vocabulary] = 0;
            }

            return ruled;
        }
    }
}
