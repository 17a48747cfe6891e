using Heirloom.Data;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class CrossEntropyTests
{
    private static readonly double[][] Logits = [[1, 2, 0.5], [0, -1, 3], [2, 2, 2]];

    private static Tensor LogitTensor(ScalarType type = ScalarType.Float32) =>
        tensor(Logits.SelectMany(r => r).ToArray(), [3, 3], dtype: type);

    private static double LogZ(double[] row) => Math.Log(row.Sum(Math.Exp));

    private static double Value(Tensor x) => x.to_type(ScalarType.Float64).item<double>();

    [Fact]
    public void EqualsTheFormulaAndSkipsIgnoredTargets()
    {
        using var scope = NewDisposeScope();
        var expected = (LogZ(Logits[0]) - 2 + LogZ(Logits[2]) - 2) / 2;

        var loss = CrossEntropy.Of(LogitTensor(), tensor([1L, TokenBatch.Ignore, 0L]));

        Assert.Equal(expected, Value(loss.Total), 1e-6);
        Assert.Equal(expected, Value(Assert.Single(loss.Parts).Value), 1e-6);
        Assert.Equal(2, loss.Terms!.item<long>());
    }

    [Fact]
    public void SmoothingSpreadsTheTarget()
    {
        using var scope = NewDisposeScope();
        const double e = 0.3;
        var row = Logits[1];
        var expected = LogZ(row) - (1 - e) * row[2] - e * row.Average();

        var loss = CrossEntropy.Of(LogitTensor(), tensor([TokenBatch.Ignore, 2L, TokenBatch.Ignore]), new() { LabelSmoothing = e });

        Assert.Equal(expected, Value(loss.Total), 1e-6);
    }

    [Fact]
    public void ZLossIsTheWeightedMeanSquareOfLogZ()
    {
        using var scope = NewDisposeScope();
        var z = 0.1 * (Math.Pow(LogZ(Logits[0]), 2) + Math.Pow(LogZ(Logits[1]), 2)) / 2;
        var plain = (LogZ(Logits[0]) - 1 + LogZ(Logits[1]) - 3) / 2;

        var loss = CrossEntropy.Of(LogitTensor(), tensor([0L, 2L, TokenBatch.Ignore]), new() { ZLoss = 0.1 });

        Assert.Equal(plain + z, Value(loss.Total), 1e-6);
        Assert.Equal(["loss", "z_loss"], loss.Parts.Select(p => p.Name));
        Assert.Equal(z, Value(loss.Parts[1].Value), 1e-6);
    }

    [Fact]
    public void WithoutTargetsTheLossIsZeroAndSoIsItsGradient()
    {
        using var scope = NewDisposeScope();
        var weight = ones(4, 3).requires_grad_(true);

        var loss = CrossEntropy.OfHidden(h => h.matmul(weight), ones(2, 5, 4), full([2, 5], TokenBatch.Ignore, dtype: ScalarType.Int64), new() { ZLoss = 1e-4 });
        loss.Total.backward();

        Assert.Equal(0, Value(loss.Total));
        Assert.Equal(0, Value(weight.grad!.abs().sum()));
    }

    [Fact]
    public void TheHeadSeesOnlyWhatIsPredicted()
    {
        using var scope = NewDisposeScope();
        var hidden = arange(24, dtype: ScalarType.Float32).view(2, 3, 4);
        var targets = tensor(new[] { -100L, 1, -100, 2, -100, -100 }, [2, 3]);
        Tensor? seen = null;

        CrossEntropy.OfHidden(h => seen = h, hidden, targets);

        Assert.Equal([4f, 5, 6, 7, 12, 13, 14, 15], seen!.data<float>().ToArray());
    }

    [Fact]
    public void HalfPrecisionLogitsAreWidened()
    {
        using var scope = NewDisposeScope();

        var loss = CrossEntropy.Of(LogitTensor(ScalarType.BFloat16), tensor([1L, 2L, 0L]), new() { ZLoss = 1e-4 });

        Assert.Equal(ScalarType.Float32, loss.Total.dtype);
        Assert.Equal(Value(CrossEntropy.Of(LogitTensor(), tensor([1L, 2L, 0L]), new() { ZLoss = 1e-4 }).Total), Value(loss.Total), 1e-5);
    }

    [Fact]
    public void PerTargetKeepsTheShapeAndAveragesToTheLoss()
    {
        using var scope = NewDisposeScope();
        var logits = LogitTensor().unsqueeze(0);
        var targets = tensor(new[] { 1L, TokenBatch.Ignore, 0 }, [1, 3]);

        var each = CrossEntropy.PerTarget(logits, targets);

        Assert.Equal([1, 3], each.shape);
        Assert.Equal(0, Value(each[0, 1]));
        Assert.Equal(Value(CrossEntropy.Of(logits, targets).Total), Value(each.sum() / 2), 1e-6);
    }

    [Fact]
    public void ClassificationRefusesLabelsOfAnotherShape()
    {
        using var scope = NewDisposeScope();

        var error = Assert.Throws<UserError>(() => Classification.Loss(zeros(2, 5, 3), zeros(2, dtype: ScalarType.Int64)));

        Assert.Contains("[2, 5]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AccuracyCountsLabeledTokensOnly()
    {
        using var scope = NewDisposeScope();

        var loss = Classification.Loss(LogitTensor(), tensor([1L, 0L, TokenBatch.Ignore]));

        Assert.Equal(2, loss.Terms!.item<long>());
        Assert.Equal(0.5, Value(loss.Parts.Single(p => p.Name == "accuracy").Value), 1e-6);
    }

    [Fact]
    public void RegressionIsTheMeanSquare()
    {
        using var scope = NewDisposeScope();

        var loss = Regression.Loss(tensor(new[] { 1f, 3f }, [2, 1]), tensor([2f, 0f]));

        Assert.Equal(5, Value(loss.Total), 1e-6);
        Assert.Throws<UserError>(() => Regression.Loss(zeros(2, 2), zeros(2)));
    }
}
