using Heirloom.Data;

namespace Heirloom.Training.Ranks;

/// <summary>What a rank computes of a batch: all of it, or a share of its rows.</summary>
/// <param name="Index">The batch.</param>
/// <param name="Share">Which share, from 0.</param>
/// <param name="Shares">How many there are; 1 for the whole batch.</param>
public readonly record struct BatchPart(long Index, int Share = 0, int Shares = 1)
{
    /// <summary>The rows; null where there are fewer rows than shares and this one has none. The first share always has one.</summary>
    public TBatch? Of<TBatch>(IBatches<TBatch> batches)
        where TBatch : IBatch<TBatch>
    {
        var batch = batches.At(Index);
        if (Shares == 1)
        {
            return batch;
        }

        var (from, to) = (Before(Share, batch.Count), Before(Share + 1, batch.Count));
        return from == to ? default : batch.Rows(from, to - from);
    }

    /// <summary>Rows of the shares before one, rounded up.</summary>
    private long Before(int share, long rows) => ((share * rows) + Shares - 1) / Shares;
}
