using MathNet.Numerics.Distributions;

namespace Heirloom.Evaluation.Statistics;

/// <summary>Student-t intervals of a grand mean over two crossed random factors, seeds and examples.</summary>
/// <remarks>Variance of the mean (MS_seed + MS_example − MS_residual) / (n_s n_x) (Cornfield and Tukey 1956), degrees of freedom after
/// Satterthwaite (1946). One column of scores gives the ordinary t interval over seeds; one seed alone gives no interval at all.</remarks>
public static class RandomEffects
{
    public static Interval Mean(ScoreMatrix scores, double level)
    {
        var (variance, freedom) = VarianceOfMean(scores);
        return Build(scores.Mean, variance, freedom, level);
    }

    /// <summary>Two arms with seeds of their own and common examples.</summary>
    public static Interval Difference(ScoreMatrix method, ScoreMatrix baseline, double level)
    {
        // The examples are common: their part of the variance is that of the difference of the arms' example means.
        var examples = ExampleDifferences(method, baseline);
        var (a, b) = (SeedVariance(method), SeedVariance(baseline));
        var byExample = method.Examples < 2 ? 0 : Variance(examples) / method.Examples;
        var seeds = a + b;
        var (noiseA, noiseB) = (ResidualVariance(method), ResidualVariance(baseline));
        var residual = noiseA + noiseB;
        var variance = Math.Max(seeds, Math.Max(byExample, seeds + byExample - residual));
        var freedom = variance == 0
            ? double.PositiveInfinity
            : variance * variance / (Share(a, method.Seeds) + Share(b, baseline.Seeds) + Share(byExample, method.Examples)
                + ResidualShare(noiseA, method) + ResidualShare(noiseB, baseline));
        return Build(method.Mean - baseline.Mean, method.Seeds < 2 || baseline.Seeds < 2 ? double.PositiveInfinity : variance, freedom, level);
    }

    private static (double Variance, double Freedom) VarianceOfMean(ScoreMatrix scores)
    {
        if (scores.Seeds < 2)
        {
            return (double.PositiveInfinity, 1);
        }

        var seeds = SeedVariance(scores);
        if (scores.Examples < 2)
        {
            return (seeds, scores.Seeds - 1);
        }

        var examples = Variance(ExampleMeans(scores)) / scores.Examples;
        var residual = ResidualVariance(scores);
        var variance = Math.Max(seeds, Math.Max(examples, seeds + examples - residual));
        var shares = Share(seeds, scores.Seeds) + Share(examples, scores.Examples) + ResidualShare(residual, scores);
        return (variance, shares == 0 ? double.PositiveInfinity : variance * variance / shares);
    }

    /// <summary>Variance of the mean over seeds: MS_seed / (n_s n_x).</summary>
    private static double SeedVariance(ScoreMatrix scores) => scores.Seeds < 2 ? 0 : Variance(scores.SeedMeans) / scores.Seeds;

    private static double[] ExampleMeans(ScoreMatrix scores) =>
        [.. Enumerable.Range(0, scores.Examples).Select(x => Enumerable.Range(0, scores.Seeds).Average(s => scores[s, x]))];

    private static double[] ExampleDifferences(ScoreMatrix method, ScoreMatrix baseline) =>
        [.. ExampleMeans(method).Zip(ExampleMeans(baseline), (m, b) => m - b)];

    /// <summary>Mean square of what neither seed nor example explains.</summary>
    private static double Residual(ScoreMatrix scores)
    {
        if (scores.Seeds < 2 || scores.Examples < 2)
        {
            return 0;
        }

        var rows = scores.SeedMeans;
        var columns = ExampleMeans(scores);
        var mean = rows.Average();
        var sum = 0.0;
        for (var s = 0; s < scores.Seeds; s++)
        {
            for (var x = 0; x < scores.Examples; x++)
            {
                var e = scores[s, x] - rows[s] - columns[x] + mean;
                sum += e * e;
            }
        }

        return sum / ((scores.Seeds - 1.0) * (scores.Examples - 1.0));
    }

    /// <summary>What <see cref="Residual"/> adds to the variance of the mean: MS_residual / (n_s n_x).</summary>
    private static double ResidualVariance(ScoreMatrix scores) => Residual(scores) / ((double)scores.Seeds * scores.Examples);

    private static double ResidualShare(double variance, ScoreMatrix scores) =>
        variance == 0 ? 0 : variance * variance / ((scores.Seeds - 1.0) * (scores.Examples - 1.0));

    private static double Share(double variance, int count) => count < 2 ? 0 : variance * variance / (count - 1);

    private static double Variance(double[] values)
    {
        var mean = values.Average();
        return values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1);
    }

    private static Interval Build(double estimate, double variance, double freedom, double level)
    {
        if (double.IsPositiveInfinity(variance))
        {
            return new(estimate, double.NegativeInfinity, double.PositiveInfinity, level, 1);
        }

        if (variance == 0)
        {
            return new(estimate, estimate, estimate, level, estimate == 0 ? 1 : 0);
        }

        var error = Math.Sqrt(variance);
        freedom = Math.Clamp(freedom, 1, 1e6); // two seeds have one; where noise outweighs what is left of the variance, the approximation gives less
        var t = StudentT.InvCDF(0, 1, freedom, (1 + level) / 2);
        var p = 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(estimate) / error);
        return new(estimate, estimate - (t * error), estimate + (t * error), level, p);
    }
}
