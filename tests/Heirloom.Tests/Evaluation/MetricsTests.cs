using Heirloom.Data;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Evaluation;

public class MetricsTests
{
    private sealed record UniformConfig : ModelConfig
    {
        public override IModel Build(Seed seed) => new Uniform();
    }

    /// <summary>Gives every token of a vocabulary of four the same probability.</summary>
    private sealed class Uniform() : nn.Module<Tensor, Tensor>(nameof(Uniform)), ILanguageModel
    {
        public ModelConfig Config => new UniformConfig();

        public int Width => 4;

        public int VocabularySize => 4;

        public int ContextLength => 8;

        public Tensor Encode(TokenInputs inputs) => zeros(inputs.Ids.shape[0], inputs.Ids.shape[1], 4);

        public Tensor Head(Tensor hidden) => hidden;

        public override Tensor forward(Tensor x) => x;
    }

    private sealed class Listed(params TokenBatch[] batches) : IBatches<TokenBatch>
    {
        public string Fingerprint => "listed";

        public long? StepsPerEpoch => batches.Length;

        public TokenBatch At(long step) => batches[step];
    }

    private static TokenBatch Batch(long[,] targets) => new(zeros_like(tensor(targets)), tensor(targets));

    [Fact]
    public void AUniformModelHasThePerplexityOfItsVocabulary()
    {
        var losses = TokenLosses.Of(new Uniform(), new Listed(Batch(new long[,] { { 1, 2, -100 }, { 3, 0, 1 } }), Batch(new long[,] { { -100, -100, -100 } })), new());

        Assert.Equal(4, losses.Perplexity, 4);
        Assert.Equal(5, losses.Tokens);
        Assert.Equal(2, losses.ByRow.Length);
        Assert.Equal(1, losses.BitsPerByte(10), 4);
    }

    [Fact]
    public void ATextWithoutTargetsIsRefused() =>
        Assert.Throws<UserError>(() => TokenLosses.Of(new Uniform(), new Listed(Batch(new long[,] { { -100 } })), new()));

    [Fact]
    public void ClassificationScoresAreThoseOfTheTextbook()
    {
        var scores = new Classifications([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], 3);

        Assert.Equal(0.6, scores.Accuracy, 9);
        Assert.Equal(0.5, scores.F1(0), 9);
        Assert.Equal(2.0 / 3, scores.F1(1), 9);
        Assert.Equal((0.5 + (2.0 / 3)) / 2, scores.MacroF1, 9);
        Assert.Equal((0.5 + (2.0 / 3)) / 2, scores.BalancedAccuracy, 9);
    }
}
