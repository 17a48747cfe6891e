using CsCheck;
using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Tests.Layers;

public class PositionsTests
{
    [Fact]
    public void RotatedScoresDependOnDistanceAlone() =>
        Gen.Select(Gen.Int[0, 500], Gen.Int[0, 40], Gen.Int[0, 40], Gen.Int[1, 8], Gen.ULong).Sample((shift, i, j, pairs, seed) =>
        {
            using var scope = NewDisposeScope();
            using var generator = new Seed(seed >> 1).Generator();
            var rotary = new RotaryPositionsConfig().Build(new(0, 1, 2 * pairs, 0, true));
            var (q, k) = (Random(generator, 1, 1, 1, 2 * pairs), Random(generator, 1, 1, 1, 2 * pairs));
            float Score(int a, int b) => rotary.Rotate(a, 1, q).Apply(q).mul(rotary.Rotate(b, 1, k).Apply(k)).sum().item<float>();
            Assert.Equal(Score(i, j), Score(i + shift, j + shift), 2e-3f);
        }, iter: 60);

    /// <summary>RoFormer's equation 34 with coordinate i paired with i + R/2, written out.</summary>
    [Fact]
    public void RotationIsThatOfTheHalfLayout()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 1, 2, 3, 4, 5, 6 }).view(1, 1, 1, 6);
        var rotary = new RotaryPositionsConfig { Base = 100, Fraction = 4 / 6.0 }.Build(new(6, 1, 6, 8, true));
        var got = rotary.Rotate(3, 1, x).Apply(x).data<float>().ToArray();
        var (a, b) = (3.0, 3.0 * Math.Pow(100, -0.5));
        double[] expected =
        [
            (1 * Math.Cos(a)) - (3 * Math.Sin(a)), (2 * Math.Cos(b)) - (4 * Math.Sin(b)),
            (3 * Math.Cos(a)) + (1 * Math.Sin(a)), (4 * Math.Cos(b)) + (2 * Math.Sin(b)), 5, 6,
        ];
        Assert.All(expected.Zip(got), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    [Fact]
    public void AlibiSlopesAreThePublishedOnes()
    {
        Assert.Equal([.. Enumerable.Range(1, 8).Select(i => Math.Pow(0.5, i))], AlibiPositions.Slopes(8));
        Assert.Equal([.. Enumerable.Range(1, 16).Select(i => Math.Pow(2, -0.5 * i))], AlibiPositions.Slopes(16));
        Assert.Equal(
            [.. Enumerable.Range(1, 8).Select(i => Math.Pow(0.5, i)), Math.Pow(2, -0.5), Math.Pow(2, -1.5), Math.Pow(2, -2.5), Math.Pow(2, -3.5)],
            AlibiPositions.Slopes(12));
    }

    /// <summary>Counted from the first position and rounded, as Falcon's files were trained: the same to softmax but for the rounding.</summary>
    [Fact]
    public void RoundedAlibiIsScaledWithTheScores()
    {
        using var scope = NewDisposeScope();
        var shape = new PositionsShape(Width: 32, Heads: 16, HeadWidth: 4, ContextLength: 8, Causal: true);
        var bias = new AlibiPositionsConfig { Scaled = true, Rounded = true }.Build(shape).Bias(1, 6, CPU);

        Assert.Equal([1, 16, 1, 6], bias.shape);
        // 2^-0.5 is 0.70703125 in bfloat16, five times it 3.53125
        Assert.Equal(3.53125f / 2, bias[0, 0, 0, 5].item<float>());
        Assert.Contains("causal", Assert.Throws<UserError>(
            () => { new AlibiPositionsConfig { Rounded = true }.Build(shape with { Causal = false }); }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AlibiPenalizesDistance()
    {
        using var scope = NewDisposeScope();
        var bias = new AlibiPositions(2).Bias(2, 4, CPU);
        Assert.Equal([1L, 2, 2, 4], bias.shape);
        Assert.Equal([-2f, -1, 0, -1], bias[0, 0, 0].mul(16).data<float>().ToArray());
        Assert.Equal([-3f, -2, -1, 0], bias[0, 1, 1].mul(256).data<float>().ToArray());
    }

    /// <summary>Boundaries of T5's 32 buckets: 8 exact ones a side, then up to 11, 15, 22, 31, 45, 63, 90 and the rest.</summary>
    [Fact]
    public void RelativeBucketsAreThoseOfT5()
    {
        int[] last = [0, 1, 2, 3, 4, 5, 6, 7, 11, 15, 22, 31, 45, 63, 90, 1000];
        for (var distance = 0; distance <= 1000; distance++)
        {
            var expected = Array.FindIndex(last, l => distance <= l);
            Assert.Equal(expected, RelativePositions.Bucket(-distance, 32, 128, bidirectional: true));
            Assert.Equal(distance == 0 ? 0 : expected + 16, RelativePositions.Bucket(distance, 32, 128, bidirectional: true));
            Assert.Equal(0, RelativePositions.Bucket(distance, 32, 128, bidirectional: false));
        }

        // 16 exact ones, then 16·8^(i/16)
        Assert.Equal(
            [15L, 16, 16, 17, 18, 21, 26, 30, 31, 31],
            new long[] { 15, 16, 18, 19, 21, 32, 64, 112, 113, 128 }.Select(d => RelativePositions.Bucket(-d, 32, 128, bidirectional: false)));
    }

    [Fact]
    public void RelativeBiasStandsAtItsDistance()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var relative = new RelativePositionsConfig { Buckets = 8, MaxDistance = 16 }.Build(new(8, 2, 4, 16, Causal: false));
        relative.parameters().Single().copy_(arange(16, dtype: ScalarType.Float32).view(8, 2));
        var bias = relative.Bias(3, 7, CPU)!;
        Assert.Equal([1L, 2, 3, 7], bias.shape);
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 7; j++)
            {
                Assert.Equal((2 * RelativePositions.Bucket(j - (i + 4), 8, 16, true)) + 1, bias[0, 1, i, j].item<float>());
            }
        }
    }

    [Fact]
    public void PositionsRestartWithEachSegment()
    {
        using var scope = NewDisposeScope();
        var segments = tensor(new long[] { 5, 5, 5, 2, 5, 5, 0, 0, 1, 1, 1, 1 }).view(2, 6);
        Assert.Equal([0L, 1, 2, 0, 0, 1, 0, 1, 0, 1, 2, 3], Positions.Restarted(segments, null)!.data<long>().ToArray());
        var mask = tensor(new[] { false, false, true, true });
        Assert.Equal([0L, 0, 0, 1], Positions.Restarted(null, mask.unsqueeze(0))!.data<long>().ToArray());
        Assert.Null(Positions.Restarted(null, null));
    }

    private static Tensor Random(Generator generator, params long[] shape) => randn(shape, generator: generator);
}
