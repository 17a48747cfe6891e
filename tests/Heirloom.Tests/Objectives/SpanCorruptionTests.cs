using CsCheck;
using Heirloom.Data;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class SpanCorruptionTests
{
    private static readonly SpanCorruptionConfig Config = new() { FirstSentinel = 999, EndToken = 1 };

    [Fact]
    public void ThePublishedExample()
    {
        // "Thank you for inviting me to your party last week ." without "for inviting" and "last" (Raffel et al. 2020, fig. 2)
        long[] words = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
        bool[] noise = [false, false, true, true, false, false, false, false, true, false, false];

        var (source, target) = SpanCorruption.Corrupt(words, noise, Config);

        Assert.Equal([10, 11, 999, 14, 15, 16, 17, 998, 19, 20, 1], source);
        Assert.Equal([999, 12, 13, 998, 18, 997, 1], target);
    }

    [Fact]
    public void NumbersOfTokensAndSpansAreThoseOfT5()
    {
        // 512 tokens: 77 of noise in 26 spans, so that 461 + 1 and 103 + 1 tokens go in and out
        var noise = SpanCorruption.RandomSpans(512, 0.15, 3, new Seed(1).Random());

        var (source, target) = SpanCorruption.Corrupt(new long[512], noise, Config);

        Assert.Equal(77, noise.Count(n => n));
        Assert.Equal((462, 104), (source.Length, target.Length));
        Assert.False(noise[0]);
        Assert.True(noise[^1]);
    }

    [Fact]
    public void SourceAndTargetTogetherAreTheText() =>
        Gen.Select(Gen.Long[100, 500].Array[0, 80], Gen.Double[0.05, 0.9], Gen.Double[1, 6], Gen.ULong).Sample((text, density, mean, seed) =>
        {
            var noise = SpanCorruption.RandomSpans(text.Length, density, mean, new Seed(seed).Random());

            var (source, target) = SpanCorruption.Corrupt(text, noise, Config);

            Assert.Equal(text, Restore(source, target));
        }, iter: 500);

    [Fact]
    public void SpansAreUniformOverTheText()
    {
        var hits = new int[20];
        for (var i = 0; i < 4000; i++)
        {
            var noise = SpanCorruption.RandomSpans(20, 0.5, 1, new Seed((ulong)i).Random()); // ten of noise, alternating with ten of text
            Assert.Equal(Enumerable.Range(0, 20).Select(p => p % 2 == 1), noise);
            var two = SpanCorruption.RandomSpans(20, 0.2, 2, new Seed((ulong)i).Random()); // four in two spans: 1+3, 2+2 or 3+1
            var first = Array.IndexOf(two, true);
            hits[Array.IndexOf(two, false, first) - first]++;
        }

        Assert.All(hits[1..4], count => Assert.InRange(count, 1333 - 150, 1333 + 150)); // five standard deviations
        Assert.Equal(4000, hits[1..4].Sum());
    }

    [Fact]
    public void RowsArePaddedAndReproducible()
    {
        using var scope = NewDisposeScope();
        var mask = ones([2, 30], ScalarType.Bool);
        mask[1].narrow(0, 12, 18).fill_(false);
        var batch = new TokenBatch(arange(100, 160).view(2, 30), Mask: mask);

        var pair = SpanCorruption.Corrupt(batch, Config, new(3));
        var again = SpanCorruption.Corrupt(batch, Config, new(3));

        Assert.Equal(pair.Source.data<long>().ToArray(), again.Source.data<long>().ToArray());
        Assert.Equal(pair.Target.data<long>().ToArray(), again.Target.data<long>().ToArray());
        for (var row = 0; row < 2; row++)
        {
            var source = pair.Source[row].data<long>().ToArray().Zip(pair.SourceMask[row].data<bool>().ToArray()).ToList();
            Assert.All(source.Where(p => !p.Second), p => Assert.Equal(0, p.First));
            var restored = Restore([.. source.Where(p => p.Second).Select(p => p.First)], [.. pair.Target[row].data<long>().ToArray().Where(t => t != TokenBatch.Ignore)]);
            Assert.Equal(Enumerable.Range(100 + 30 * row, row == 0 ? 30 : 12).Select(i => (long)i), restored);
        }
    }

    [Fact]
    public void TooManySpansAreRefused()
    {
        var noise = SpanCorruption.RandomSpans(60, 0.5, 1, new Seed(1).Random());

        var error = Assert.Throws<UserError>(() => SpanCorruption.Corrupt(new long[60], noise, Config with { Sentinels = 29 }));

        Assert.Contains("29 sentinels", error.Message, StringComparison.Ordinal);
    }

    private static long[] Restore(long[] source, long[] target)
    {
        var text = new List<long>();
        foreach (var token in source[..^1])
        {
            if (token is <= 999 and > 899)
            {
                text.AddRange(target[(Array.IndexOf(target, token) + 1)..^1].TakeWhile(t => t <= 899));
            }
            else
            {
                text.Add(token);
            }
        }

        return [.. text];
    }
}
