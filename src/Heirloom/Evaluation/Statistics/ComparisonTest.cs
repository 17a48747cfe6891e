namespace Heirloom.Evaluation.Statistics;

/// <summary>A way to decide whether two arms differ, to be held against others on draws whose truth is known.</summary>
public sealed record ComparisonTest(string Name, Func<ScoreMatrix, ScoreMatrix, SeedDesign, MultiBootstrapConfig, Interval> Decide)
{
    /// <summary>As published: percentiles over seeds × examples.</summary>
    public static ComparisonTest Percentile { get; } = new("Multi-Bootstrap, percentile", (m, b, design, config) => MultiBootstrap.Compare(m, b, design, config).Percentile);

    /// <summary>As verdicts use it: the wider of the percentile and the small-sample interval.</summary>
    public static ComparisonTest Combined { get; } = new("Multi-Bootstrap, combined", (m, b, design, config) => MultiBootstrap.Compare(m, b, design, config).Combined);

    /// <summary>The common practice that MultiBERTs warns of: one checkpoint an arm, bootstrap over its test examples.</summary>
    public static ComparisonTest OneCheckpoint { get; } = new("one checkpoint, examples only", (m, b, _, config) => ExamplesOnly(m, b, 0, config));

    /// <summary>The share of draws in which it says that the arms differ.</summary>
    public double RejectionRate(Func<Rng, (ScoreMatrix Method, ScoreMatrix Baseline)> draw, SeedDesign design, int trials, Seed seed)
    {
        var random = seed.Random();
        var rejected = 0;
        for (var trial = 0; trial < trials; trial++)
        {
            var (method, baseline) = draw(random);
            rejected += Decide(method, baseline, design, new() { Draws = 400, Seed = seed.For("draws", trial) }).ExcludesZero ? 1 : 0;
        }

        return (double)rejected / trials;
    }

    private static Interval ExamplesOnly(ScoreMatrix method, ScoreMatrix baseline, int seed, MultiBootstrapConfig config)
    {
        var differences = Enumerable.Range(0, method.Examples).Select(x => new[] { method[seed, x] - baseline[seed, x] }).ToList();
        return MultiBootstrap.Mean(new(differences), config).Percentile;
    }
}
