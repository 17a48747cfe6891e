using CsCheck;
using Heirloom.Data;
using Heirloom.Data.Tokens;

namespace Heirloom.Tests.Data;

public sealed class PackedBatchesTests : IDisposable
{
    private static readonly Gen<(int[] Lengths, PackingConfig Config)> s_cases =
        from lengths in Gen.Int[0, 40].Array[1, 20].Where(l => l.Sum() > 0)
        from context in Gen.Int[1, 17]
        from batch in Gen.Int[1, 5]
        from shuffle in Gen.Bool
        from kind in Gen.Int[0, 2]
        select (lengths, new PackingConfig
        {
            ContextLength = context,
            BatchSize = batch,
            Shuffle = shuffle,
            Boundaries = kind == 0 ? Boundaries.Ignore : Boundaries.Respect,
            Packing = kind == 2 ? Packing.BestFit : Packing.Contiguous,
        });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryTokenIsAnInputOnceAnEpochAndTargetsFollow() => s_cases.Sample((lengths, config) =>
    {
        using var file = TokenCorpus.Counting(At("a"), lengths);
        var rows = new PackedRows(file, config, new Seed(7));
        var ends = lengths.Aggregate((Sum: 0, Ends: new HashSet<long>()), (s, l) => (s.Sum + l, [.. s.Ends, s.Sum + l])).Ends;
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var seen = new List<long>();
            for (var r = 0L; r < rows.RowsPerEpoch; r++)
            {
                var row = rows.Row((epoch * rows.RowsPerEpoch!.Value) + r);
                seen.AddRange(row.Ids[..row.Length]);
                for (var t = 0; t < row.Length; t++)
                {
                    var last = row.Ids[t] + 1 == file.Info.Tokens || (config.Boundaries == Boundaries.Respect && ends.Contains(row.Ids[t] + 1));
                    Assert.Equal(last ? TokenBatch.Ignore : row.Ids[t] + 1, row.Targets[t]);
                }

                Assert.All(row.Targets[row.Length..], t => Assert.Equal(TokenBatch.Ignore, t));
                CheckSegments(row, file);
            }

            Assert.Equal(Enumerable.Range(0, lengths.Sum()).Select(i => (long)i), seen.Order());
        }
    }, iter: 60, threads: 1);

    [Fact]
    public void BestFitCutsNoDocumentThatFits() => s_cases.Sample((lengths, config) =>
    {
        using var file = TokenCorpus.Counting(At("a"), lengths);
        var best = new PackedRows(file, config with { Packing = Packing.BestFit, Boundaries = Boundaries.Respect }, new Seed(1));
        var rowsOf = Enumerable.Range(0, (int)best.RowsPerEpoch!).SelectMany(r => { var row = best.Row(r); return row.Ids[..row.Length].Select(id => (Document: file.DocumentAt(id), Row: r)); }).Distinct().CountBy(x => x.Document).ToDictionary();
        foreach (var (document, count) in rowsOf)
        {
            var (start, end) = file.Document(document);
            Assert.Equal((end - start + config.ContextLength - 1) / config.ContextLength, count);
        }

        // no two rows could have been one: best fit would have put them together
        var lengthsOfRows = Enumerable.Range(0, (int)best.RowsPerEpoch!).Select(r => best.Row(r).Length).Order().Take(2).ToArray();
        Assert.True(lengthsOfRows.Length < 2 || lengthsOfRows.Sum() > config.ContextLength);
    }, iter: 100, threads: 1);

    [Fact]
    public void StepsArePureAndThreadSafe()
    {
        using var file = TokenCorpus.Counting(At("a"), [100, 3, 57, 400, 1]);
        var config = new PackingConfig { ContextLength = 8, BatchSize = 3 };
        var expected = Enumerable.Range(0, 60).Select(s => Ids(new PackedBatches(file, config, new Seed(3)).At(s))).ToArray();
        var batches = new PackedBatches(file, config, new Seed(3));
        Parallel.For(0, 240, i => Assert.Equal(expected[(i * 37) % 60], Ids(batches.At((i * 37) % 60))));
        Assert.NotEqual(expected[0], Ids(new PackedBatches(file, config, new Seed(4)).At(0)));
        Assert.NotEqual(batches.Fingerprint, new PackedBatches(file, config, new Seed(4)).Fingerprint);
    }

    [Fact]
    public void BatchHasTheShapesOfTheContract()
    {
        using var file = TokenCorpus.Counting(At("a"), [10, 5]);
        using var batch = new Scope(new PackedBatches(file, new() { ContextLength = 4, BatchSize = 2, Shuffle = false }, new Seed(0)).At(1));
        Assert.Equal([2, 4], batch.Value.Ids.shape);
        Assert.Equal([8, 9, 10, 11, 12, 13, 14, 0], batch.Value.Ids.data<long>());
        Assert.Equal([9, -100, 11, 12, 13, 14, -100, -100], batch.Value.Targets!.data<long>());
        Assert.Equal([0, 0, 1, 1, 0, 0, 0, 1], batch.Value.Segments!.data<long>());
        Assert.Equal([true, true, true, true, true, true, true, false], batch.Value.Mask!.data<bool>());
    }

    [Fact]
    public void EvaluationPredictsEveryTokenOnce() => Gen.Select(s_cases, Gen.Int[1, 17]).Sample((c, stride) =>
    {
        var (lengths, packing) = c;
        if (lengths.Sum() < 2)
        {
            return;
        }

        using var file = TokenCorpus.Counting(At("a"), lengths);
        var config = new EvaluationConfig { ContextLength = packing.ContextLength, BatchSize = packing.BatchSize, Stride = Math.Min(stride, packing.ContextLength), Boundaries = packing.Boundaries };
        var batches = new EvaluationBatches(file, config);
        var predicted = new List<long>();
        for (var s = 0L; s < batches.StepsPerEpoch; s++)
        {
            using var batch = new Scope(batches.At(s));
            predicted.AddRange(batch.Value.Targets!.data<long>().Where(t => t != TokenBatch.Ignore));
        }

        var firsts = lengths.Aggregate((Sum: 0, Starts: new HashSet<int>()), (s, l) => (s.Sum + l, [.. s.Starts, s.Sum])).Starts;
        Assert.Equal(Enumerable.Range(1, lengths.Sum() - 1).Where(i => config.Boundaries == Boundaries.Ignore || !firsts.Contains(i)).Select(i => (long)i), predicted);
    }, iter: 100, threads: 1);

    [Fact]
    public void FewWindowsAreSpreadOverTheFile()
    {
        using var file = TokenCorpus.Counting(At("a"), [4001]);
        var batches = new EvaluationBatches(file, new() { ContextLength = 10, BatchSize = 3, MaxWindows = 8 });

        Assert.Equal(3, batches.StepsPerEpoch);
        var starts = Enumerable.Range(0, 3).SelectMany(s =>
        {
            using var batch = new Scope(batches.At(s));
            return batch.Value.Ids.select(1, 0).contiguous().data<long>().ToArray();
        });
        Assert.Equal([0, 500, 1000, 1500, 2000, 2500, 3000, 3500], starts);
    }

    [Fact]
    public void RefusesWhatCannotBe()
    {
        using var file = TokenCorpus.Counting(At("a"), [1]);
        Assert.Throws<UserError>(() => new PackedRows(file, new() { ContextLength = 4, BatchSize = 1, Packing = Packing.BestFit, Boundaries = Boundaries.Ignore }, new Seed(0)));
        Assert.Throws<UserError>(() => new EvaluationBatches(file, new() { ContextLength = 4, BatchSize = 1 }));
        Assert.Throws<UserError>(() => new EvaluationBatches(file, new() { ContextLength = 4, BatchSize = 1, Stride = 5 }));
    }

    private static void CheckSegments(TokenRow row, TokenFile file)
    {
        for (var t = 1; t < row.Length && row.Segments is not null; t++)
        {
            Assert.Equal(file.DocumentAt(row.Ids[t]) == file.DocumentAt(row.Ids[t - 1]), row.Segments[t] == row.Segments[t - 1]);
        }

        Assert.True(row.Segments is null || row.Length == row.Ids.Length || row.Segments[^1] != row.Segments[row.Length - 1]);
    }

    private static long[] Ids(TokenBatch batch)
    {
        using var scope = new Scope(batch);
        return [.. batch.Ids.data<long>()];
    }

    private string At(string name) => Path.Combine(_folder.Path, name);

    /// <summary>Disposes a batch.</summary>
    private sealed record Scope(TokenBatch Value) : IDisposable
    {
        public void Dispose() => Value.Tensors.ToList().ForEach(t => t.Dispose());
    }
}
