namespace Heirloom.Data;

/// <summary>Shorter views of batches.</summary>
public static class BatchesLimits
{
    /// <summary>The same batches, of which one pass is at most so many steps.</summary>
    public static IBatches<TBatch> FirstSteps<TBatch>(this IBatches<TBatch> batches, long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        return batches.StepsPerEpoch is { } all && all <= steps ? batches : new Limited<TBatch>(batches, steps);
    }

    private sealed class Limited<TBatch>(IBatches<TBatch> inner, long steps) : IBatches<TBatch>
    {
        public string Fingerprint => $"{inner.Fingerprint}[..{steps}]";

        public long? StepsPerEpoch => steps;

        public TBatch At(long step) => inner.At(step % steps);
    }
}
