using Heirloom.Data;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Evaluation;

public class InContextMetricsTests
{
    [Fact]
    public void ErrorsAreSquaresBySequenceAndByPoint()
    {
        using var scope = NewDisposeScope();
        var batch = new RegressionBatch(zeros(2, 2, 1), tensor(new float[] { 1, 2, 3, -1 }).view(2, 2));

        var errors = InContextErrors.Of(b => zeros_like(b.Outputs), batch);

        Assert.Equal([2.5, 5], errors.BySequence);
        Assert.Equal([5, 2.5], errors.ByPoint);
        Assert.Equal(3.75, errors.Mean);
        Assert.Equal([1, 1], InContextErrors.Between(b => b.Outputs + 1, b => b.Outputs, batch).BySequence);
    }

    /// <summary>The toy's next token is its last plus one.</summary>
    [Fact]
    public void AccuracyKeepsTheOrderOfPromptsOfDifferentLengths()
    {
        using var scope = NewDisposeScope();
        using var model = new Counter();
        AnsweredPrompt[] prompts = [new([1, 2, 3], 4), new([5], 6), new([1, 2, 3], 2), new([7, 0], 1)];

        Assert.Equal([1, 1, 0, 1], InContextAccuracy.Of(model, prompts, new()));
    }

    [Fact]
    public void OrdersAreChosenOnOneHalfOfTheQuestionsAndComparedOnTheOther()
    {
        using var scope = NewDisposeScope();
        using var model = new Counter();
        AnsweredPrompt[] Asked(params int[] answers) => [.. answers.Select(a => new AnsweredPrompt([1, 2], a))]; // the model says 3

        Assert.Equal([0.5], InContextAccuracy.RangeOverOrders(model, [[Asked(3, 3, 3, 0), Asked(0, 0, 0, 0)]], new()));
        Assert.Equal([0], InContextAccuracy.RangeOverOrders(model, [[Asked(3, 0), Asked(0, 0)]], new())); // a difference where they were chosen is no evidence
    }

    private sealed class Counter() : nn.Module(nameof(Counter)), ILanguageModel
    {
        public ModelConfig Config => throw new NotSupportedException();

        public int Width => 8;

        public int VocabularySize => 8;

        public int ContextLength => 8;

        public Tensor Encode(TokenInputs inputs) => nn.functional.one_hot((inputs.Ids + 1).remainder(8), 8).to(ScalarType.Float32);

        public Tensor Head(Tensor hidden) => hidden;
    }
}
