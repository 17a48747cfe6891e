
namespace Heirloom.Data.Batching;

/// <summary>Batch s gathers rows s·B … s·B + B − 1.</summary>
public sealed class RowBatches<TRow, TBatch>(IRows<TRow> rows, int batchSize, Func<IReadOnlyList<TRow>, TBatch> collate) : IBatches<TBatch>
{
    public IRows<TRow> Rows => rows;

    public string Fingerprint { get; } = Hashes.OfText($"rows {batchSize} {rows.Fingerprint}");

    /// <summary>Rounded up: the last batch of an epoch is filled from the next.</summary>
    public long? StepsPerEpoch => (rows.RowsPerEpoch + batchSize - 1) / batchSize;

    public TBatch At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var gathered = new TRow[batchSize];
        for (var i = 0; i < batchSize; i++)
        {
            gathered[i] = rows.Row(checked((step * batchSize) + i));
        }

        return collate(gathered);
    }
}
