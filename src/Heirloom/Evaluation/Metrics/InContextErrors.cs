using Heirloom.Data;
using Heirloom.Models.InContext;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>Predicts every y_k of a batch from what comes before it, <c>[B, K]</c>: a model, or a closed form such as ridge regression.</summary>
public delegate Tensor InContextPredictor(RegressionBatch batch);

/// <summary>How far predictions in context are from values, or from those of another predictor, in squares.</summary>
/// <param name="Squares"><c>[sequence][point]</c></param>
public sealed record InContextErrors(IReadOnlyList<double[]> Squares)
{
    public double Mean => BySequence.Average();

    /// <summary>Averages over points, one a sequence: the examples of a bootstrap.</summary>
    public double[] BySequence => [.. Squares.Select(points => points.Average())];

    /// <summary>Averages over sequences, one a point: the error after so many examples, from 0 on.</summary>
    public double[] ByPoint => [.. Enumerable.Range(0, Squares[0].Length).Select(k => Squares.Average(points => points[k]))];

    /// <summary>Errors against the values, whose own noise is a part of them.</summary>
    public static InContextErrors Of(InContextPredictor predict, RegressionBatch batch) => Between(predict, b => b.Outputs, batch);

    /// <summary>Distances between two predictors (Raventós et al. 2023, section 3).</summary>
    public static InContextErrors Between(InContextPredictor first, InContextPredictor second, RegressionBatch batch)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var squares_BK = (first(batch).to(ScalarType.Float64) - second(batch).to(ScalarType.Float64)).square();
        var points = (int)squares_BK.shape[1];
        return new([.. squares_BK.cpu().contiguous().data<double>().ToArray().Chunk(points)]);
    }

    /// <summary>A model as a predictor.</summary>
    public static InContextPredictor PredictorOf(IInContextRegressor model) => batch => model.Predict(batch.Inputs, batch.Outputs);
}
