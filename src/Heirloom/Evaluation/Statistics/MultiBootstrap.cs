namespace Heirloom.Evaluation.Statistics;

/// <summary>Whether two arms share their seeds (the same pretrained start, the same data order).</summary>
public enum SeedDesign
{
    /// <summary>Row i of both arms comes from the same seed: seeds are drawn once for both.</summary>
    Paired,

    /// <summary>Seeds of the arms have nothing to do with each other: each arm's are drawn on their own.</summary>
    Unpaired,
}

public sealed record MultiBootstrapConfig
{
    /// <summary>Bootstrap draws.</summary>
    public int Draws { get; init; } = 2000;

    /// <summary>Confidence of the intervals.</summary>
    public double Level { get; init; } = 0.95;

    public Seed Seed { get; init; } = new(64);
}

/// <summary>The difference of two arms with its uncertainty over seeds and test examples at once.</summary>
/// <param name="Percentile">The published interval: quantiles of the bootstrap distribution.</param>
/// <param name="SmallSample">Student-t interval from the two-way random-effects variance, with Satterthwaite's degrees of freedom.</param>
public sealed record MultiBootstrapResult(Interval Percentile, Interval SmallSample)
{
    /// <summary>
    /// What verdicts use: the wider end on each side. With fewer than about ten seeds the bootstrap cannot draw values more extreme
    /// than the seeds it has and its nominal 5% error is nearer 20%; with many seeds the two agree.
    /// </summary>
    public Interval Combined => new(
        SmallSample.Estimate,
        Math.Min(Percentile.Low, SmallSample.Low),
        Math.Max(Percentile.High, SmallSample.High),
        SmallSample.Level,
        Math.Max(Percentile.PValue, SmallSample.PValue));
}

/// <summary>
/// Multi-Bootstrap: resamples seeds and test examples together, so that an effect is not taken for real because of one lucky seed or one
/// odd test set.
/// </summary>
/// <remarks>Sellam et al. 2022, "The MultiBERTs", section 3 and algorithm 1; the small-sample interval is the two-way random-effects
/// variance of a grand mean (Cornfield and Tukey 1956) with Satterthwaite's (1946) degrees of freedom.</remarks>
public static class MultiBootstrap
{
    /// <summary>Method minus baseline.</summary>
    /// <param name="method">Seeds × examples.</param>
    /// <param name="baseline">Seeds × the same examples; as many seeds as the method's when paired.</param>
    /// <param name="design">Whether row i of both comes from one seed.</param>
    /// <param name="config">Draws, level and seed.</param>
    /// <exception cref="ArgumentException">Shapes do not fit the design.</exception>
    public static MultiBootstrapResult Compare(
        ScoreMatrix method, ScoreMatrix baseline, SeedDesign design, MultiBootstrapConfig? config = null)
    {
        config ??= new();
        if (design is SeedDesign.Paired)
        {
            return Mean(method.Minus(baseline), config);
        }

        if (method.Examples != baseline.Examples)
        {
            throw new ArgumentException($"{method.Examples} examples cannot be compared with {baseline.Examples}", nameof(baseline));
        }

        var estimate = method.Mean - baseline.Mean;
        var random = config.Seed.Random();
        var draws = Draws(config.Draws, () =>
        {
            var counts = Resample(random, method.Examples);
            return ResampledMean(method, Resample(random, method.Seeds), counts)
                - ResampledMean(baseline, Resample(random, baseline.Seeds), counts);
        });
        return new(FromDraws(estimate, draws, config.Level), RandomEffects.Difference(method, baseline, config.Level));
    }

    /// <summary>The mean of one arm's scores, or of paired differences.</summary>
    public static MultiBootstrapResult Mean(ScoreMatrix scores, MultiBootstrapConfig? config = null)
    {
        config ??= new();
        var random = config.Seed.Random();
        var draws = Draws(config.Draws, () => ResampledMean(scores, Resample(random, scores.Seeds), Resample(random, scores.Examples)));
        return new(FromDraws(scores.Mean, draws, config.Level), RandomEffects.Mean(scores, config.Level));
    }

    private static double[] Draws(int count, Func<double> draw)
    {
        var draws = new double[count];
        for (var i = 0; i < count; i++)
        {
            draws[i] = draw();
        }

        Array.Sort(draws);
        return draws;
    }

    /// <summary>How often each of <paramref name="size"/> things is drawn in as many draws with replacement; a single thing is always drawn once.</summary>
    private static int[] Resample(Rng random, int size)
    {
        var counts = new int[size];
        for (var i = 0; i < size; i++)
        {
            counts[random.Next(size)]++;
        }

        return counts;
    }

    private static double ResampledMean(ScoreMatrix scores, int[] seeds, int[] examples)
    {
        var total = 0.0;
        for (var s = 0; s < seeds.Length; s++)
        {
            if (seeds[s] == 0)
            {
                continue;
            }

            var row = 0.0;
            for (var x = 0; x < examples.Length; x++)
            {
                row += examples[x] * scores[s, x];
            }

            total += seeds[s] * row;
        }

        return total / ((double)scores.Seeds * scores.Examples);
    }

    private static Interval FromDraws(double estimate, double[] sorted, double level)
    {
        var below = (sorted.Count(d => d <= 0) + 1.0) / (sorted.Length + 1);
        var above = (sorted.Count(d => d >= 0) + 1.0) / (sorted.Length + 1);
        return new(
            estimate,
            Quantile(sorted, (1 - level) / 2),
            Quantile(sorted, (1 + level) / 2),
            level,
            Math.Min(1, 2 * Math.Min(below, above)));
    }

    private static double Quantile(double[] sorted, double p)
    {
        var at = p * (sorted.Length - 1);
        var low = (int)Math.Floor(at);
        var high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + ((at - low) * (sorted[high] - sorted[low]));
    }
}
