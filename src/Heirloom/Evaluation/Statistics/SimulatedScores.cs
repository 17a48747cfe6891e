namespace Heirloom.Evaluation.Statistics;

/// <summary>Scores of two arms drawn from a two-way random-effects model, to test a test: under a null, how often does it reject; under an effect, how often does it find it.</summary>
public sealed record SimulatedScores
{
    public required int Seeds { get; init; }

    public required int Examples { get; init; }

    public SeedDesign Design { get; init; } = SeedDesign.Unpaired;

    /// <summary>Standard deviation over seeds. Under <see cref="SeedDesign.Paired"/> both arms share it, and <see cref="ArmDeviation"/> is what a seed does to one arm alone.</summary>
    public double SeedDeviation { get; init; } = 0.5;

    public double ArmDeviation { get; init; } = 0.2;

    /// <summary>Standard deviation over examples, common to both arms.</summary>
    public double ExampleDeviation { get; init; } = 1;

    /// <summary>Standard deviation of what neither explains.</summary>
    public double Noise { get; init; } = 0.5;

    /// <summary>How much better the method is; zero is the null.</summary>
    public double Effect { get; init; }

    public (ScoreMatrix Method, ScoreMatrix Baseline) Draw(Rng random)
    {
        var examples = Gaussians(random, Examples, ExampleDeviation);
        var baseline = Gaussians(random, Seeds, SeedDeviation);
        var method = Design is SeedDesign.Paired
            ? [.. baseline.Zip(Gaussians(random, Seeds, ArmDeviation), (a, b) => a + b)]
            : Gaussians(random, Seeds, SeedDeviation);
        return (Matrix(random, method, examples, Effect), Matrix(random, baseline, examples, 0));
    }

    private ScoreMatrix Matrix(Rng random, double[] seeds, double[] examples, double shift) =>
        new([.. seeds.Select(s => examples.Select(x => shift + s + x + (Noise * random.NextGaussian())).ToArray())]);

    private static double[] Gaussians(Rng random, int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => scale * random.NextGaussian())];
}
