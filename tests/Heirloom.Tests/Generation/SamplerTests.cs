using CsCheck;
using Heirloom.Generation;
using static TorchSharp.torch;

namespace Heirloom.Tests.Generation;

public class SamplerTests
{
    private static readonly Gen<float[]> _logits = Gen.Float[-6, 6].Array[2, 40];

    [Fact]
    public void PlainSamplingIsTheModelsDistribution() => _logits.Sample(logits =>
    {
        var expected = Softmax(logits, 1);
        Assert.All(Distribution(logits, new()).Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-5));
    });

    [Fact]
    public void TemperatureDividesLogits() => Gen.Select(_logits, Gen.Double[0.1, 3]).Sample((logits, t) =>
        Assert.All(Distribution(logits, new() { Temperature = t }).Zip(Softmax(logits, t)), p => Assert.Equal(p.Second, p.First, 1e-4)));

    [Fact]
    public void TopKKeepsExactlyTheKLikeliest() => Gen.Select(Gen.Int[0, 4].Select(i => (float)i).Array[2, 30], Gen.Int[1, 30]).Sample((logits, k) =>
    {
        var got = Distribution(logits, new() { TopK = k });
        Assert.Equal(Math.Min(k, logits.Length), got.Count(p => p > 0));
        Assert.True(Kept(logits, got).Min() >= Dropped(logits, got).DefaultIfEmpty(float.MinValue).Max());
    });

    [Fact]
    public void TopPKeepsTheSmallestSetWithEnoughMass() => Gen.Select(_logits, Gen.Double[0.01, 0.99]).Sample((logits, p) =>
    {
        var got = Distribution(logits, new() { TopP = p });
        var plain = Softmax(logits, 1);
        var kept = plain.Where((_, i) => got[i] > 0).Order().ToArray();
        Assert.True(kept.Sum() >= p - 1e-5, "enough");
        Assert.True(kept.Skip(1).Sum() < p + 1e-5, "not without its least likely token");
        Assert.True(Kept(logits, got).Min() >= Dropped(logits, got).DefaultIfEmpty(float.MinValue).Max() - 1e-6, "the likeliest");
        Assert.Equal(1, got.Sum(), 1e-5);
    });

    [Fact]
    public void MinPIsAShareOfTheLikeliest() => Gen.Select(_logits, Gen.Double[0.01, 0.99]).Sample((logits, share) =>
    {
        var got = Distribution(logits, new() { MinP = share });
        var plain = Softmax(logits, 1);
        for (var i = 0; i < logits.Length; i++)
        {
            var margin = plain[i] - (share * plain.Max());
            Assert.True(Math.Abs(margin) < 1e-6 || (got[i] > 0) == (margin > 0));
        }
    });

    [Fact]
    public void ARepetitionIsMadeLessLikely()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[] { 2, -2, 1, 3, 2, -2 }).view(2, 3);
        var got = new RepetitionPenalty(2).Apply(logits, [[0, 1, 0], [2]]);
        Assert.Equal([1f, -4, 1, 3, 2, -4], got.data<float>().ToArray());
        Assert.Equal([2f, -2, 1, 3, 2, -2], logits.data<float>().ToArray());
    }

    [Fact]
    public void GreedyTakesTheLikeliest() => _logits.Sample(logits =>
    {
        using var scope = NewDisposeScope();
        var next = new Sampler(SamplingConfig.Greedy).Next(tensor(logits).unsqueeze(0), [[0]], []);
        Assert.Equal(logits.Max(), logits[next[0]]);
        Assert.Equal(1, Distribution(logits, SamplingConfig.Greedy)[next[0]]);
    });

    [Fact]
    public void DrawsFollowTheDistribution()
    {
        using var scope = NewDisposeScope();
        float[] logits = [1, 0, 2, -1, 0.5f];
        var sampler = new Sampler(new() { TopK = 4, Temperature = 1.3 });
        const int Rows = 20000;
        var random = Enumerable.Range(0, Rows).Select(i => new Seed(1).For("row", i).Random()).ToArray();
        var drawn = sampler.Next(tensor(logits).unsqueeze(0).expand(Rows, -1), [.. Enumerable.Repeat<int[]>([0], Rows)], random);
        var expected = Distribution(logits, new() { TopK = 4, Temperature = 1.3 });
        Assert.DoesNotContain(3L, drawn);
        // chi-square with 3 degrees of freedom exceeds 16.3 once in a thousand; the seed is fixed
        var chi = Enumerable.Range(0, 5).Where(i => i != 3).Sum(i =>
        {
            var e = expected[i] * Rows;
            return Math.Pow(drawn.Count(d => d == i) - e, 2) / e;
        });
        Assert.InRange(chi, 0, 16.3);
    }

    private static double[] Distribution(float[] logits, SamplingConfig config) => [.. new Sampler(config).Distribution(logits).ToArray().Select(p => (double)p)];

    private static double[] Softmax(float[] logits, double temperature)
    {
        var e = logits.Select(l => Math.Exp((l - logits.Max()) / temperature)).ToArray();
        return [.. e.Select(x => x / e.Sum())];
    }

    private static IEnumerable<float> Kept(float[] logits, double[] got) => logits.Where((_, i) => got[i] > 0);

    private static IEnumerable<float> Dropped(float[] logits, double[] got) => logits.Where((_, i) => got[i] == 0);
}
