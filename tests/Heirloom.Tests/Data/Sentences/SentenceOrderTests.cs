using Heirloom.Data.Sentences;

namespace Heirloom.Tests.Data.Sentences;

public class SentenceOrderTests
{
    /// <summary>Sentences of three documents, their tokens counted on, with 0, 1 and 2 as marks.</summary>
    private static SentenceCorpus Corpus => new([Document(10, 9), Document(200, 4), Document(300, 1)], Start: 1, Separator: 2, Padding: 0);

    private static IReadOnlyList<int[]> Document(int from, int sentences) => [.. Enumerable.Range(0, sentences).Select(i => Enumerable.Range(from + (5 * i), 5).ToArray())];

    [Fact]
    public void BothSegmentsAreOfOnePlaceAndTheRelationSaysTheirOrder()
    {
        var rows = Enumerable.Range(0, 20).SelectMany(seed => new SentenceOrderConfig().Rows(Corpus, 24, new((ulong)seed))).ToList();
        Assert.All(rows, row =>
        {
            var text = row.Ids.Skip(1).Take(row.Length - 2).ToList();
            var middle = text.IndexOf(2);
            var (first, second) = (text.Take(middle).ToList(), text.Skip(middle + 1).ToList());
            Assert.InRange(row.Length, 5, 24);
            Assert.True(first.Count > 0 && second.Count > 0);
            var (early, late) = row.Relation == SentenceOrderConfig.InOrder ? (first, second) : (second, first);
            Assert.True(early[^1] < late[0]);
            Assert.True(late[0] - early[^1] < 20, "they are of different places");
            Assert.DoesNotContain(text, id => id >= 300);
        });
        Assert.InRange(rows.Average(r => r.Relation!.Value), 0.3, 0.7);
        Assert.All(new SentenceOrderConfig { SwappedShare = 0 }.Rows(Corpus, 24, new(1)), r => Assert.Equal(SentenceOrderConfig.InOrder, r.Relation));
    }
}
