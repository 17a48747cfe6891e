using CsCheck;
using Heirloom.Data;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class MaskingTests
{
    private const int Vocabulary = 200;

    private const long Mask = 4;

    private static readonly MaskingConfig Config = new() { MaskToken = (int)Mask, VocabularySize = Vocabulary, SpecialTokens = [0, 1, 2, 3] };

    // a third of the ids continue a word
    private static readonly bool[] WordStarts = [.. Enumerable.Range(0, Vocabulary).Select(id => id % 3 != 0)];

    private static long[] RandomIds(int count, ulong seed)
    {
        var rng = new Seed(seed).Random();
        return [.. Enumerable.Range(0, count).Select(_ => 5L + rng.Next(Vocabulary - 5))];
    }

    private static (long[] Seen, long[] Targets) Apply(MaskingConfig config, long[] ids, int rows, ulong seed, bool[]? starts = null)
    {
        using var scope = NewDisposeScope();
        var masked = new Masking(config, starts).Apply(new(tensor(ids, [rows, ids.Length / rows])), new(seed));
        return (masked.Ids.data<long>().ToArray(), masked.Targets!.data<long>().ToArray());
    }

    private static void Within(double share, long of, double count) =>
        Assert.InRange(count, of * share - 5 * Math.Sqrt(of * share * (1 - share)), of * share + 5 * Math.Sqrt(of * share * (1 - share)));

    [Fact]
    public void RatesAndFatesAreThoseOfThePaper()
    {
        var ids = RandomIds(400 * 128, 1);

        var (seen, targets) = Apply(Config, ids, 400, 2);

        var chosen = Enumerable.Range(0, ids.Length).Where(i => targets[i] != TokenBatch.Ignore).ToList();
        Within(0.15, ids.Length, chosen.Count);
        Assert.All(chosen, i => Assert.Equal(ids[i], targets[i]));
        Within(0.8, chosen.Count, chosen.Count(i => seen[i] == Mask));
        Within(0.1 * 194 / 195, chosen.Count, chosen.Count(i => seen[i] != Mask && seen[i] != ids[i]));
        Assert.All(Enumerable.Range(0, ids.Length).Except(chosen), i => Assert.Equal(ids[i], seen[i]));
        Assert.All(seen, id => Assert.True(id >= Mask, "a special token was drawn as a random one"));
    }

    [Fact]
    public void EveryRowIsMaskedAtItsRate()
    {
        var (_, targets) = Apply(Config, RandomIds(50 * 64, 3), 50, 4);

        Assert.All(targets.Chunk(64), row => Assert.InRange(row.Count(t => t != TokenBatch.Ignore), 9, 10)); // 9.6 a row
    }

    [Theory]
    [MemberData(nameof(Patterns))]
    public void SpecialTokensAndPaddingAreNeverTouched(MaskingPattern pattern)
    {
        using var scope = NewDisposeScope();
        var rng = new Seed(5).Random();
        long[] ids = [.. Enumerable.Range(0, 2000).Select(_ => (long)rng.Next(Vocabulary))];
        var real = ones([20, 100], ScalarType.Bool);
        real.narrow(1, 70, 30).fill_(false);

        var masked = new Masking(Config with { Pattern = pattern, Rate = 0.9 }, WordStarts).Apply(new(tensor(ids, [20, 100]), Mask: real), new(6));

        var seen = masked.Ids.data<long>().ToArray();
        var targets = masked.Targets!.data<long>().ToArray();
        Assert.Contains(targets, t => t != TokenBatch.Ignore);
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] <= Mask || i % 100 >= 70)
            {
                Assert.Equal((ids[i], TokenBatch.Ignore), (seen[i], targets[i]));
            }
        }
    }

    public static TheoryData<MaskingPattern> Patterns => [new TokenMasking(), new WholeWordMasking(), new SpanMasking()];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void TheMeanRateIsKeptAndTheSeedDecides(MaskingPattern pattern)
    {
        var config = Config with { Pattern = pattern };
        var ids = RandomIds(200 * 128, 7);

        var first = Apply(config, ids, 200, 8, WordStarts);
        var again = Apply(config, ids, 200, 8, WordStarts);
        var other = Apply(config, ids, 200, 9, WordStarts);

        Assert.InRange(first.Targets.Count(t => t != TokenBatch.Ignore) / (double)ids.Length, 0.145, 0.155);
        Assert.Equal(first.Seen, again.Seen);
        Assert.Equal(first.Targets, again.Targets);
        Assert.NotEqual(first.Targets, other.Targets);
    }

    [Fact]
    public void WholeWordsAreMaskedWholly() =>
        Gen.Select(Gen.Long[0, Vocabulary - 1].Array[40], Gen.ULong).Sample((ids, seed) =>
        {
            foreach (var pattern in (MaskingPattern[])[new WholeWordMasking(), new SpanMasking()])
            {
                var (_, targets) = Apply(Config with { Pattern = pattern, Rate = 0.4 }, ids, 1, seed, WordStarts);
                for (var i = 1; i < ids.Length; i++)
                {
                    if (ids[i] > Mask && ids[i - 1] > Mask && !WordStarts[ids[i]])
                    {
                        Assert.Equal(targets[i - 1] == TokenBatch.Ignore, targets[i] == TokenBatch.Ignore);
                    }
                }
            }
        }, iter: 200);

    [Fact]
    public void AWordEndsWhereItsDocumentDoes()
    {
        using var scope = NewDisposeScope();
        var masking = new Masking(Config with { Pattern = new WholeWordMasking(), Rate = 0.5 }, WordStarts);
        var batch = new TokenBatch(tensor(new[] { 7L, 9, 9, 9 }, [1, 4]), Segments: tensor(new[] { 0L, 0, 1, 1 }, [1, 4]));
        var halves = Enumerable.Range(0, 40).Select(i => masking.Apply(batch, new((ulong)i)).Targets!.ne(TokenBatch.Ignore).data<bool>().ToArray()).ToList();

        Assert.All(halves, h => Assert.True(h[0] == h[1] && h[2] == h[3] && h[0] != h[2]));
    }

    [Fact]
    public void SpanLengthsAreGeometricAndClipped()
    {
        var rng = new Seed(10).Random();
        Range[] words = [.. Enumerable.Range(0, 1000).Select(i => i..(i + 1))];
        var lengths = new int[11];
        for (var i = 0; i < 3000; i++)
        {
            var span = new SpanMasking().Choose(words, 1000, rng).First(); // the first is cut short by no other
            if (span.End.Value < 1000)
            {
                lengths[span.End.Value - span.Start.Value]++;
            }
        }

        Assert.Equal(0, lengths[0]);
        var total = Enumerable.Range(0, 10).Sum(k => Math.Pow(0.8, k));
        for (var k = 1; k <= 10; k++)
        {
            Within(Math.Pow(0.8, k - 1) / total, lengths.Sum(), lengths[k]);
        }

        Assert.InRange(lengths.Select((count, length) => count * length).Sum() / (double)lengths.Sum(), 3.6, 4.0); // the paper's mean is 3.8
    }

    [Fact]
    public void ASpanSharesOneFate()
    {
        var config = Config with { Pattern = new SpanMasking { Stop = 0.001, MaxLength = 8 }, MaskShare = 0.5, RandomShare = 0, Rate = 0.08 };

        var (seen, targets) = Apply(config, RandomIds(300 * 100, 11), 300, 12);

        var rows = seen.Zip(targets).Where(p => p.Second != TokenBatch.Ignore).ToList();
        Within(0.5, 300, rows.Count(p => p.First == Mask) / 8.0);
        Assert.Contains(Enumerable.Range(0, 300), r => Enumerable.Range(r * 100, 100).Count(i => targets[i] != TokenBatch.Ignore && seen[i] == Mask) == 8);
    }

    [Fact]
    public void MistakesAreRefusedBeforeWork()
    {
        Assert.Contains("vocabulary of 200", Assert.Throws<UserError>(() => new Masking(Config with { MaskToken = 200 })).Message, StringComparison.Ordinal);
        Assert.Contains("add up to", Assert.Throws<UserError>(() => new Masking(Config with { RandomShare = 0.3 })).Message, StringComparison.Ordinal);
        Assert.Contains("begin a word", Assert.Throws<UserError>(() => new Masking(Config with { Pattern = new WholeWordMasking() })).Message, StringComparison.Ordinal);
        Assert.Contains("of 200", Assert.Throws<UserError>(() => new Masking(Config, [true])).Message, StringComparison.Ordinal);
        Assert.Contains("token 200", Assert.Throws<UserError>(() => Apply(Config, [200], 1, 1)).Message, StringComparison.Ordinal);
    }
}
