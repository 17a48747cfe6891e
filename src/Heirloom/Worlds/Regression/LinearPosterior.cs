using Heirloom.Data;
using static TorchSharp.torch;

namespace Heirloom.Worlds.Regression;

/// <summary>
/// The two Bayesian predictors that a model trained on <see cref="LinearTasks"/> is compared with (Raventós et al. 2023, equations 2 and 3): each predicts
/// y_k from x₁, y₁, …, x_{k−1}, y_{k−1} and x_k, for every k at once.
/// </summary>
public static class LinearPosterior
{
    private const int Chunk = 4096;

    /// <summary>Ridge regression with penalty σ²: the mean under the prior w ~ N(0, I), optimal for unlimited tasks.</summary>
    /// <returns><c>[B, K]</c> float32 predictions.</returns>
    public static Tensor Ridge(RegressionBatch batch, double noise)
    {
        using var scope = NewDisposeScope();
        var x_BKD = batch.Inputs.to(ScalarType.Float64);
        var y_BK = batch.Outputs.to(ScalarType.Float64);
        var gram_BKDD = Before(x_BKD.unsqueeze(3) * x_BKD.unsqueeze(2), 1);
        var moment_BKD = Before(x_BKD * y_BK.unsqueeze(2), 1);
        var penalty = eye(x_BKD.shape[2], dtype: ScalarType.Float64, device: x_BKD.device) * (noise * noise);
        var w_BKD = linalg.solve(gram_BKDD + penalty, moment_BKD.unsqueeze(3)).squeeze(3);
        return (w_BKD * x_BKD).sum(2).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>The discrete minimum-mean-squared-error estimator: the mean under the uniform prior over a pool, optimal for its tasks.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="pool"><c>[M, D]</c>; taken in chunks, so that a large pool needs little memory.</param>
    /// <param name="noise">σ.</param>
    /// <returns><c>[B, K]</c> float32 predictions.</returns>
    public static Tensor DiscreteMmse(RegressionBatch batch, Tensor pool, double noise)
    {
        using var scope = NewDisposeScope();
        var x_BKD = batch.Inputs.to(ScalarType.Float64);
        var y_BK1 = batch.Outputs.to(ScalarType.Float64).unsqueeze(2);
        var most_BK1 = full_like(y_BK1, double.NegativeInfinity);
        var (sum_BK1, weighted_BK1) = (zeros_like(y_BK1), zeros_like(y_BK1));
        for (var from = 0L; from < pool.shape[0]; from += Chunk)
        {
            using var inner = NewDisposeScope();
            var w_MD = pool.narrow(0, from, Math.Min(Chunk, pool.shape[0] - from)).to(ScalarType.Float64);
            var prediction_BKM = matmul(x_BKD, w_MD.t());
            var log_BKM = Before((y_BK1 - prediction_BKM).square(), 1) / (-2 * noise * noise);

            // a softmax over all tasks, kept up to date chunk by chunk
            var peak_BK1 = maximum(most_BK1, log_BKM.amax([2], keepdim: true));
            var shrink_BK1 = (most_BK1 - peak_BK1).exp();
            var weight_BKM = (log_BKM - peak_BK1).exp();
            sum_BK1 = (sum_BK1 * shrink_BK1 + weight_BKM.sum(2, keepdim: true)).MoveToOuterDisposeScope();
            weighted_BK1 = (weighted_BK1 * shrink_BK1 + (weight_BKM * prediction_BKM).sum(2, keepdim: true)).MoveToOuterDisposeScope();
            most_BK1 = peak_BK1.MoveToOuterDisposeScope();
        }

        return (weighted_BK1 / sum_BK1).squeeze(2).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Sums over what lies before each place, itself excluded.</summary>
    private static Tensor Before(Tensor values, int dimension) => values.cumsum(dimension) - values;
}
