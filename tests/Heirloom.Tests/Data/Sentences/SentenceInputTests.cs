using CsCheck;
using Heirloom.Data;
using Heirloom.Data.Sentences;
using Heirloom.Data.Tokens;

namespace Heirloom.Tests.Data.Sentences;

public class SentenceInputTests
{
    private const int Start = 0, Separator = 1, Padding = 2;

    // every token says which document and sentence it is of
    private static readonly Gen<SentenceCorpus> s_corpora = Gen.Int[1, 9].Array[1, 8].Array[2, 6].Select(lengths => new SentenceCorpus(
        [.. lengths.Select((document, d) => (IReadOnlyList<int[]>)[.. document.Select((length, s) => Enumerable.Repeat(100 + (10 * d) + s, length).ToArray())])],
        Start, Separator, Padding));

    private static long[] Real(TokenRow row) => row.Ids[..row.Length];

    private static bool IsWellFormed(TokenRow row, int context) =>
        row.Ids.Length == context && row.Length <= context && row.Ids[0] == Start && row.Ids[row.Length - 1] == Separator
        && row.Ids.Skip(row.Length).All(id => id == Padding) && row.Targets.All(t => t == TokenBatch.Ignore);

    private static (long[] First, long[] Second) Texts(TokenRow row)
    {
        var end = Array.IndexOf(row.Ids, Separator);
        return (row.Ids[1..end], row.Ids[(end + 1)..(row.Length - 1)]);
    }

    [Fact]
    public void FullSentencesHoldEveryTokenOnceInOrder() => Gen.Select(s_corpora, Gen.Int[6, 24]).Sample((corpus, context) =>
    {
        TokenRow[] rows = [.. new FullSentencesConfig().Rows(corpus, context, new(1))];
        return rows.All(r => IsWellFormed(r, context))
            && rows.SelectMany(Real).Where(id => id >= 100).SequenceEqual(corpus.Documents.SelectMany(d => d.SelectMany(s => s.Select(id => (long)id))));
    });

    [Fact]
    public void FullSentencesPutASeparatorBetweenDocuments()
    {
        SentenceCorpus corpus = new([[[11, 12], [13]], [[14]], [[15, 16, 17]]], Start, Separator, Padding);

        TokenRow[] rows = [.. new FullSentencesConfig().Rows(corpus, 8, new(1))];

        Assert.Equal([[0, 11, 12, 13, 1, 14, 1, 2], [0, 15, 16, 17, 1, 2, 2, 2]], rows.Select(r => r.Ids));
        Assert.All(rows, r => Assert.Null(r.Relation));
    }

    [Fact]
    public void DocSentencesNeverCrossADocument() => Gen.Select(s_corpora, Gen.Int[6, 24]).Sample((corpus, context) =>
    {
        TokenRow[] rows = [.. new DocSentencesConfig().Rows(corpus, context, new(1))];
        return rows.All(r => IsWellFormed(r, context) && Real(r).Where(id => id >= 100).Select(id => id / 10).Distinct().Count() == 1)
            && rows.Sum(r => r.Length - 2) == corpus.Tokens;
    });

    [Fact]
    public void PairsFollowOrComeFromAnotherDocument() => Gen.Select(s_corpora, Gen.Int[6, 40], Gen.ULong, Gen.Bool).Sample((corpus, context, seed, single) =>
    {
        SentenceInputConfig input = single ? new TwoSentencesConfig() : new SegmentPairConfig();
        return input.Rows(corpus, context, new(seed)).All(row =>
        {
            var (first, second) = Texts(row);
            var related = row.Relation == SentencePairConfig.Follows;
            return IsWellFormed(row, context) && first.Length > 0 && second.Length > 0
                && row.TokenTypes!.Take(first.Length + 2).All(t => t == 0) && row.TokenTypes!.Skip(first.Length + 2).Take(second.Length + 1).All(t => t == 1)
                && first.Concat(related ? second : []).Select(id => id / 10).Distinct().Count() == 1
                && (related ? first[^1] + 1 == second[0] || row.Length == context : first[0] / 10 != second[0] / 10);
        });
    });

    [Fact]
    public void SegmentPairsUseEverySentence() => s_corpora.Sample(corpus =>
        corpus.Documents.SelectMany(d => d).Select(s => (long)s[0]).Distinct().Except(
            new SegmentPairConfig().Rows(corpus, 200, new(3)).SelectMany(Real)).Any() is false);

    [Fact]
    public void ShorteningIsThatTokenByToken() => Gen.Select(Gen.Int[0, 30], Gen.Int[0, 30], Gen.Int[0, 40], Gen.ULong).Sample((one, other, capacity, seed) =>
    {
        List<int> first = [.. Enumerable.Range(0, one)], second = [.. Enumerable.Range(100, other)];
        List<int> expectedFirst = [.. first], expectedSecond = [.. second];
        Rng rng = new(seed), expectedRng = new(seed);
        while (expectedFirst.Count + expectedSecond.Count > capacity)
        {
            var longer = expectedFirst.Count > expectedSecond.Count ? expectedFirst : expectedSecond;
            longer.RemoveAt(expectedRng.NextDouble() < 0.5 ? 0 : longer.Count - 1);
        }

        SentencePairConfig.Shorten(first, second, capacity, rng);

        return first.SequenceEqual(expectedFirst) && second.SequenceEqual(expectedSecond) && rng.NextUInt64() == expectedRng.NextUInt64();
    });

    [Fact]
    public void ASentenceOfAnyLengthIsShortened()
    {
        SentenceCorpus corpus = new([[[.. Enumerable.Repeat(100, 100_000)]], [[200]]], Start, Separator, Padding);

        Assert.All(new TwoSentencesConfig().Rows(corpus, 16, new(1)), row => Assert.True(IsWellFormed(row, 16)));
    }

    [Fact]
    public void HalfOfThePairsAreUnrelated()
    {
        SentenceCorpus corpus = new([.. Enumerable.Range(0, 20).Select(d => (IReadOnlyList<int[]>)[.. Enumerable.Range(0, 200).Select(s => new[] { 100 + d, 100 + d })])], 0, 1, 2);

        var share = new SegmentPairConfig { ShortShare = 0 }.Rows(corpus, 15, new(5)).Average(r => r.Relation == SentencePairConfig.Unrelated ? 1.0 : 0);

        Assert.InRange(share, 0.45, 0.55);
    }

    [Fact]
    public void ASingleDocumentHasNothingUnrelated()
    {
        SentenceCorpus corpus = new([[[11], [12]]], 0, 1, 2);

        Assert.Throws<UserError>(() => new SegmentPairConfig().Rows(corpus, 16, new(1)).ToList());
        Assert.Throws<UserError>(() => new FullSentencesConfig().Rows(corpus, 2, new(1)).ToList());
    }

    [Fact]
    public void EpochsHaveTheSameRowsInOtherOrders()
    {
        SentenceCorpus corpus = new([.. Enumerable.Range(0, 40).Select(d => (IReadOnlyList<int[]>)[[100 + d]])], 0, 1, 2);
        var rows = new SentenceRows(corpus, new DocSentencesConfig(), 8, new(1));

        long[] Epoch(int epoch) => [.. Enumerable.Range(0, 40).Select(i => rows.Row((epoch * 40) + i).Ids[1])];

        Assert.Equal(Epoch(0).Order(), Epoch(1).Order());
        Assert.NotEqual(Epoch(0), Epoch(1));
        Assert.Equal(3, rows.MeanLength);
        Assert.Equal(20, rows.RowsOf(60));
        Assert.NotEqual(rows.Fingerprint, new SentenceRows(corpus, new FullSentencesConfig(), 8, new(1)).Fingerprint);
    }

    [Fact]
    public void ABatchOfPairsHasTypesAndRelations()
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        TokenRow pair = new([0, 5, 1, 6, 1], [9, 9, 9, 9, 9], null, 5) { TokenTypes = [0, 0, 0, 1, 1], Relation = 1 };

        var batch = TokenRow.Collate([pair, pair with { TokenTypes = null, Relation = null }]);

        Assert.Equal([0, 0, 0, 1, 1, 0, 0, 0, 0, 0], batch.TokenTypes!.data<long>().ToArray());
        Assert.Equal([1, TokenBatch.Ignore], batch.Relations!.data<long>().ToArray());
        Assert.Equal(4, batch.Tensors.Count());
        Assert.Null(TokenRow.Collate([pair with { TokenTypes = null, Relation = null }]).TokenTypes);
    }
}
