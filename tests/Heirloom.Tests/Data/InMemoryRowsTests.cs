using CsCheck;
using Heirloom.Data;
using Heirloom.Data.Tokens;

namespace Heirloom.Tests.Data;

public sealed class InMemoryRowsTests
{
    private const int End = 99;

    [Fact]
    public void RowsAreLaidOutByHand()
    {
        // tape: 1 2 99 | 3 99 4 | 5 6 99 in rows of four, the last of them short
        var rows = new InMemoryRows([[1, 2], [3], [4, 5, 6]], 4, End, new(1));
        var all = Enumerable.Range(0, 3).Select(i => rows.Row(i)).OrderBy(r => r.Ids[0] == End ? 1 : r.Ids[0] == 1 ? 0 : 2).ToArray();

        Assert.Equal(3, rows.RowsPerEpoch);
        Assert.Equal([1, 2, End, 3], all[0].Ids);
        Assert.Equal([2, End, TokenBatch.Ignore, End], all[0].Targets);
        Assert.Equal([0, 0, 0, 1], all[0].Segments!);
        Assert.Equal([End, 4, 5, 6], all[1].Ids);
        Assert.Equal([TokenBatch.Ignore, 5, 6, End], all[1].Targets);
        Assert.Equal([0, 1, 1, 1], all[1].Segments!);
        Assert.Equal([End, End, End, End], all[2].Ids);
        Assert.All(all[2].Targets, t => Assert.Equal(TokenBatch.Ignore, t));
        Assert.Equal(1, all[2].Length);
    }

    [Fact]
    public void EveryTokenComesOnceAnEpoch() => Gen.Int[0, 9].List[0, 12].List[1, 8].Select(Gen.Int[2, 7], Gen.ULong).Sample((documents, context, seed) =>
    {
        var rows = new InMemoryRows([.. documents], context, End, new(seed));
        foreach (var epoch in new[] { 0L, 3L })
        {
            var seen = Enumerable.Range(0, (int)rows.RowsPerEpoch!).Select(i => rows.Row((epoch * rows.RowsPerEpoch.Value) + i)).SelectMany(r => r.Ids.Take(r.Length));
            Assert.Equal(documents.SelectMany(d => d.Append(End)).Select(i => (long)i).Order(), seen.Order());
        }
    }, iter: 200);

    [Fact]
    public void NoTextIsRefused() => Assert.Contains("no text", Assert.Throws<UserError>(() => new InMemoryRows([], 4, End, new(1))).Message);

    [Fact]
    public void FingerprintsTellContentsAndOrdersApart()
    {
        string Of(int token, ulong seed) => new InMemoryRows([[token]], 4, End, new(seed)).Fingerprint;

        Assert.Equal(Of(1, 1), Of(1, 1));
        Assert.Equal(3, new[] { Of(1, 1), Of(2, 1), Of(1, 2) }.Distinct().Count());
    }
}
