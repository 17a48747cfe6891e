using Heirloom.Data;
using Heirloom.Worlds.Regression;
using static TorchSharp.torch;

namespace Heirloom.Tests.Worlds;

public class LinearTasksTests
{
    [Fact]
    public void StepsAreTheSameAgainAndPoolsAreNested()
    {
        using var scope = NewDisposeScope();
        var config = new LinearTasksConfig { Tasks = 4, BatchSize = 8 };
        using var tasks = new LinearTasks(config, new Seed(1), new Seed(2));
        using var more = new LinearTasks(config with { Tasks = 64 }, new Seed(1), new Seed(2));
        Assert.True(tasks.At(5).Outputs.Equals(tasks.At(5).Outputs));
        Assert.False(tasks.At(5).Outputs.Equals(tasks.At(6).Outputs));
        Assert.True(tasks.Pool!.Equals(more.Pool!.narrow(0, 0, 4)));
        Assert.Equal([8, 16, 8], tasks.At(0).Inputs.shape);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3)]
    public void OutputsAreLinearPlusNoise(int? count)
    {
        using var scope = NewDisposeScope();
        using var tasks = new LinearTasks(new() { Dimensions = 2, Points = 200, Tasks = count, BatchSize = 64 }, new Seed(1), new Seed(2));
        var batch = tasks.At(0);
        var solution = linalg.lstsq(batch.Inputs, batch.Outputs.unsqueeze(2)).Solution;
        var residual = batch.Outputs - matmul(batch.Inputs, solution).squeeze(2);
        Assert.InRange(residual.square().mean().item<float>(), 0.23, 0.26);
        if (count is not null)
        {
            var distance = cdist(solution.squeeze(2), tasks.Pool!).amin([1]);
            Assert.True(distance.max().item<float>() < 0.25);
        }
    }

    /// <summary>Against the definition in plain arithmetic, a pool beyond a chunk included.</summary>
    [Fact]
    public void DiscreteMmseIsThePosteriorMean()
    {
        using var scope = NewDisposeScope();
        using var tasks = new LinearTasks(new() { Dimensions = 2, Points = 5, Tasks = 5000, BatchSize = 3, Noise = 0.3 }, new Seed(1), new Seed(2));
        var batch = tasks.At(0);
        var (x, y, w) = (batch.Inputs.data<float>().ToArray(), batch.Outputs.data<float>().ToArray(), tasks.Pool!.data<float>().ToArray());
        var predicted = LinearPosterior.DiscreteMmse(batch, tasks.Pool!, 0.3).data<float>().ToArray();
        for (var b = 0; b < 3; b++)
        {
            for (var k = 0; k < 5; k++)
            {
                var (sum, weighted) = (0.0, 0.0);
                for (var m = 0; m < 5000; m++)
                {
                    double Of(int j) => (w[2 * m] * x[((b * 5) + j) * 2]) + (w[(2 * m) + 1] * x[(((b * 5) + j) * 2) + 1]);
                    var likelihood = Math.Exp(-Enumerable.Range(0, k).Sum(j => Math.Pow(y[(b * 5) + j] - Of(j), 2)) / (2 * 0.09));
                    (sum, weighted) = (sum + likelihood, weighted + (likelihood * Of(k)));
                }

                Assert.Equal(weighted / sum, predicted[(b * 5) + k], 1e-4);
            }
        }
    }

    /// <summary>One dimension has the closed form ŵ = Σxy / (Σx² + σ²).</summary>
    [Fact]
    public void RidgeIsThePosteriorMean()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 1, -2, 0.5f }).view(1, 3, 1);
        var y = tensor(new float[] { 2, -3, 1 }).view(1, 3);
        var predicted = LinearPosterior.Ridge(new RegressionBatch(x, y), 0.5).data<float>().ToArray();
        Assert.Equal([0, -2 * 2 / 1.25, 0.5 * 8 / 5.25], predicted.Select(p => (double)p), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void EachPredictorIsBestWhereItsPriorHolds()
    {
        using var scope = NewDisposeScope();
        using var pooled = new LinearTasks(new() { Tasks = 4, BatchSize = 512 }, new Seed(1), new Seed(2));
        using var fresh = new LinearTasks(new() { BatchSize = 512 }, new Seed(1), new Seed(2));
        foreach (var (tasks, discreteWins) in new[] { (pooled, true), (fresh, false) })
        {
            var batch = tasks.At(0);
            var discrete = (LinearPosterior.DiscreteMmse(batch, pooled.Pool!, 0.5) - batch.Outputs).square().mean().item<float>();
            var ridge = (LinearPosterior.Ridge(batch, 0.5) - batch.Outputs).square().mean().item<float>();
            Assert.Equal(discreteWins, discrete < ridge);
        }
    }
}
