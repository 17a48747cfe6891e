using CsCheck;
using Heirloom.Evaluation.Statistics;

namespace Heirloom.Tests.Evaluation;

public class MultiBootstrapTests
{
    /// <summary>Scores with a seed effect, an example effect that both arms share, and noise.</summary>
    private static ScoreMatrix Simulate(Rng random, double[] seedEffects, double[] exampleEffects, double noise, double shift = 0) =>
        new([.. seedEffects.Select(s => exampleEffects.Select(x => shift + s + x + (noise * random.NextGaussian())).ToArray())]);

    private static double[] Gaussians(Rng random, int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => scale * random.NextGaussian())];

    private static double RejectionRate(int seeds, int examples, SeedDesign design, double effect, int trials, Func<MultiBootstrapResult, Interval> pick)
    {
        var random = new Seed(7).For($"{seeds}x{examples}/{design}").Random();
        var rejected = 0;
        for (var trial = 0; trial < trials; trial++)
        {
            var items = Gaussians(random, examples, 1);
            var start = Gaussians(random, seeds, 0.5);
            var own = design is SeedDesign.Paired ? start.Zip(Gaussians(random, seeds, 0.2), (a, b) => a + b).ToArray() : Gaussians(random, seeds, 0.5);
            var method = Simulate(random, own, items, 0.5, effect);
            var baseline = Simulate(random, start, items, 0.5);
            var result = MultiBootstrap.Compare(method, baseline, design, new() { Draws = 300, Seed = new((ulong)trial) });
            rejected += pick(result).ExcludesZero ? 1 : 0;
        }

        return (double)rejected / trials;
    }

    [Theory]
    [InlineData(3, 40, SeedDesign.Paired)]
    [InlineData(5, 40, SeedDesign.Paired)]
    [InlineData(5, 1, SeedDesign.Paired)]
    [InlineData(3, 40, SeedDesign.Unpaired)]
    [InlineData(5, 40, SeedDesign.Unpaired)]
    [InlineData(12, 40, SeedDesign.Unpaired)]
    public void TypeOneErrorIsHeldOnSimulatedNulls(int seeds, int examples, SeedDesign design)
    {
        var rate = RejectionRate(seeds, examples, design, effect: 0, trials: 500, r => r.Combined);

        // three standard errors of a binomial with p = 0.05 and 500 trials above it
        Assert.InRange(rate, 0, 0.05 + (3 * Math.Sqrt(0.05 * 0.95 / 500)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.2, 0.3)]
    public void TheSmallSampleIntervalOfThreeUnpairedSeedsHoldsItsLevelUnderNoise(double seedDeviation, double exampleDeviation)
    {
        var scores = new SimulatedScores { Seeds = 3, Examples = 4, SeedDeviation = seedDeviation, ExampleDeviation = exampleDeviation, Noise = 1 };
        var random = new Seed(14).Random();
        const int trials = 4000;
        var rejected = 0;
        for (var i = 0; i < trials; i++)
        {
            var (method, baseline) = scores.Draw(random);
            rejected += RandomEffects.Difference(method, baseline, 0.95).ExcludesZero ? 1 : 0;
        }

        Assert.InRange((double)rejected / trials, 0, 0.05 + (3 * Math.Sqrt(0.05 * 0.95 / trials)));
    }

    [Fact]
    public void UnpairedDegreesOfFreedomCountBothArmsResiduals()
    {
        // rows and columns of both arms balance: all four mean squares are known by hand
        var method = new ScoreMatrix([[5, 1], [1, -1]]);
        var baseline = new ScoreMatrix([[0, 0], [0, 2]]);

        // seed means 3, 0 and 0, 1: variances of the arms' means 9/4 and 1/4; example differences 3, -1: 4; residual mean squares 1 and 1, over 4 cells
        const double variance = 2.25 + 0.25 + 4 - 0.25 - 0.25;
        const double shares = (2.25 * 2.25) + (0.25 * 0.25) + (4 * 4) + (0.25 * 0.25) + (0.25 * 0.25);
        var half = Math.Sqrt(variance) * MathNet.Numerics.Distributions.StudentT.InvCDF(0, 1, variance * variance / shares, 0.975);
        Assert.Equal(1 - half, RandomEffects.Difference(method, baseline, 0.95).Low, 1e-9);
    }

    [Fact]
    public void ThePublishedPercentileIntervalIsCalibratedWithManySeeds() =>
        Assert.InRange(RejectionRate(25, 40, SeedDesign.Paired, effect: 0, trials: 300, r => r.Percentile), 0.01, 0.10);

    [Theory]
    [InlineData(SeedDesign.Paired)]
    [InlineData(SeedDesign.Unpaired)]
    public void AnInjectedEffectIsDetected(SeedDesign design) =>
        Assert.True(RejectionRate(5, 40, design, effect: 1.5, trials: 100, r => r.Combined) > 0.9);

    [Fact]
    public void OneSeedDecidesNothing()
    {
        var result = MultiBootstrap.Compare(new([[1, 2, 3.0]]), new([[0, 0, 0.0]]), SeedDesign.Paired);

        Assert.False(result.Combined.ExcludesZero);
    }

    [Fact]
    public void OneColumnGivesTheOrdinaryPairedTInterval()
    {
        var result = MultiBootstrap.Mean(new([[1.0], [2.0], [3.0], [4.0]]));

        // mean 2.5, s = 1.2910, t(3) = 3.1824
        Assert.Equal(2.5 - (3.182446 * 1.290994 / 2), result.SmallSample.Low, 5);
        Assert.Equal(2.5 + (3.182446 * 1.290994 / 2), result.SmallSample.High, 5);
    }

    [Fact]
    public void SwappingTheArmsMirrorsTheInterval() =>
        Gen.Double[-5, 5].Array[6].Array[4].Select(Gen.Double[-5, 5].Array[6].Array[4]).Sample((a, b) =>
        {
            var forth = RandomEffects.Difference(new(a), new(b), 0.95);
            var back = RandomEffects.Difference(new(b), new(a), 0.95).Negated();
            Assert.Equal(forth.Low, back.Low, 1e-9);
            Assert.Equal(forth.High, back.High, 1e-9);
        }, iter: 50);

    [Fact]
    public void RaggedScoresAreRefused() =>
        Assert.Throws<ArgumentException>(() => new ScoreMatrix([[1, 2.0], [1.0]]));
}
