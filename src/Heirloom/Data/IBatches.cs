namespace Heirloom.Data;

/// <summary>An endless stream addressed by step: <see cref="At"/> is a pure function of the step, so resuming is asking for a later one.</summary>
public interface IBatches<out TBatch>
{
    /// <summary>Names the stream's content for lineage: sources, order, seed, sizes.</summary>
    string Fingerprint { get; }

    /// <summary>Steps in one pass over the data, or null for a stream without an end.</summary>
    long? StepsPerEpoch { get; }

    /// <summary>The batch of a step, on the CPU; safe to call from several threads.</summary>
    TBatch At(long step);
}
