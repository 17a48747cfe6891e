using CsCheck;
using Heirloom.Encoding.Learning;

namespace Heirloom.Tests.Encoding.Learning;

public sealed class UnigramLearnerTests
{
    private static readonly Dictionary<string, long> s_words = new()
    {
        ["▁the"] = 90, ["▁cat"] = 30, ["▁cats"] = 25, ["▁table"] = 20, ["▁tables"] = 12, ["▁able"] = 9, ["▁unable"] = 8, ["▁日本"] = 3, ["▁🙂"] = 1,
    };

    /// <summary>Against counting every substring by hand.</summary>
    [Fact]
    public void FrequentSubstringsAreCountedExactly() => Gen.Select(Gen.Int[0, 2].Array[1, 7], Gen.Long[1, 4]).Array[1, 6].Sample(words =>
    {
        var distinct = words.DistinctBy(w => string.Join(',', w.Item1)).ToArray();
        int[][] texts = [.. distinct.Select(w => w.Item1)];
        long[] counts = [.. distinct.Select(w => w.Item2)];
        const int Longest = 4;
        var all = new Dictionary<string, long>();
        for (var w = 0; w < texts.Length; w++)
        {
            for (var from = 0; from < texts[w].Length; from++)
            {
                for (var length = 2; length <= Longest && from + length <= texts[w].Length; length++)
                {
                    var key = string.Join(',', texts[w][from..(from + length)]);
                    all[key] = all.GetValueOrDefault(key) + counts[w];
                }
            }
        }

        var found = FrequentSubstrings.Find(texts, counts, Longest).Select(f => (Key: string.Join(',', texts[f.Word][f.Start..(f.Start + f.Length)]), f.Count)).ToList();
        Assert.Equal(found.Count, found.Select(f => f.Key).Distinct().Count());
        Assert.All(found, f => Assert.Equal(all[f.Key], f.Count));

        // what is left out is always part of a longer one that is as frequent, or came once
        foreach (var (key, count) in all.Where(a => a.Value >= 2 && found.All(f => f.Key != a.Key)))
        {
            Assert.Contains(found, f => f.Count == count && f.Key.StartsWith(key + ",", StringComparison.Ordinal));
        }
    }, iter: 500, threads: 1);

    [Fact]
    public void LearnsWordsThatAreFrequent()
    {
        var pieces = new UnigramLearner(s_words, longest: 16, seeds: 1000, threads: 1).Learn(20, 0.75, 2, new WorkContext());
        Assert.Equal("▁the", pieces[0].Text);
        Assert.Contains(pieces, p => p.Text == "▁cat");
        Assert.All("▁thecasblun日本".EnumerateRunes().Append(new System.Text.Rune(0x1F642)), c => Assert.Contains(pieces, p => p.Text == c.ToString()));
        Assert.Equal(20, pieces.Count);
        Assert.Equal(pieces.OrderByDescending(p => p.Score), pieces);
        Assert.True(pieces.Sum(p => Math.Exp(p.Score)) < 1.01);
    }

    [Fact]
    public void TheResultDoesNotDependOnThreads()
    {
        var rng = new Rng(5);
        var words = Enumerable.Range(0, 3000).Select(_ => string.Concat(Enumerable.Range(0, 2 + rng.Next(9)).Select(_ => (char)('a' + rng.Next(rng.Next(20) + 1))))).GroupBy(w => w).ToDictionary(g => g.Key, g => (long)g.Count());
        var one = new UnigramLearner(words, 16, 100_000, threads: 1).Learn(300, 0.75, 2, new WorkContext());
        var four = new UnigramLearner(words.Reverse().ToDictionary(), 16, 100_000, threads: 4).Learn(300, 0.75, 2, new WorkContext());
        Assert.Equal(one, four);
        Assert.Equal(300, one.Count);
    }
}
