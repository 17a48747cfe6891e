using Heirloom.Data;
using Heirloom.Models.InContext;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public sealed class RegressionTransformerTests : IDisposable
{
    private readonly RegressionTransformer _model = RegressionTransformerConfig.Gpt2(dimensions: 3, points: 5, width: 16, layers: 2, heads: 2).Build(new(1));

    public void Dispose() => _model.Dispose();

    private static Tensor Inputs() => linspace(-1, 1, 2 * 5 * 3, ScalarType.Float32).mul(9).sin().view(2, 5, 3);

    private static Tensor Outputs() => linspace(-1, 1, 2 * 5, ScalarType.Float32).view(2, 5);

    [Fact]
    public void APredictionReadsItsPointAndWhatIsBeforeAndNeitherItsOwnValueNorLaterOnes()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var before = _model.Predict(Inputs(), Outputs());

        var changedValue = Outputs();
        changedValue.narrow(1, 2, 1).add_(1);
        var changedPoint = Inputs();
        changedPoint.narrow(1, 2, 1).add_(1);

        Assert.Equal([false, false, false, true, true], Moved(before, _model.Predict(Inputs(), changedValue)));
        Assert.Equal([false, false, true, true, true], Moved(before, _model.Predict(changedPoint, Outputs())));
    }

    [Fact]
    public void FewerPointsThanItHoldsGiveTheSamePredictions()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();

        var all = _model.Predict(Inputs(), Outputs()).narrow(1, 0, 3);
        var few = _model.Predict(Inputs().narrow(1, 0, 3), Outputs().narrow(1, 0, 3));

        Assert.True((all - few).abs().max().item<float>() < 1e-6);
    }

    [Fact]
    public void RefusesWhatDoesNotFit()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("points of width 2", Assert.Throws<UserError>(() => _model.Predict(zeros(1, 5, 2), zeros(1, 5))).Message, StringComparison.Ordinal);
        Assert.Throws<UserError>(() => _model.Predict(zeros(1, 6, 3), zeros(1, 6)));
    }

    /// <summary>A model that predicts zero pays the mean square of the values.</summary>
    [Fact]
    public void TheLossIsTheMeanSquareOverAllPoints()
    {
        using var scope = NewDisposeScope();
        var model = RegressionTransformerConfig.Gpt2(3, 5, 16, 1, 2).Build(new(2));
        using (no_grad())
        {
            model.named_parameters().Single(p => p.name == "read_out.weight").parameter.zero_();
        }

        var loss = InContextRegression.Objective()(model, new RegressionBatch(Inputs(), Outputs()), new(0)).Total.item<float>();

        Assert.Equal(Outputs().data<float>().ToArray().Average(y => y * y), loss, 1e-6);
    }

    private static bool[] Moved(Tensor a, Tensor b) => [.. (a - b).abs().amax([0]).data<float>().ToArray().Select(d => d > 1e-6)];
}
