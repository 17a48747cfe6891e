namespace Heirloom.Data;

/// <summary>An endless stream of single examples addressed by index: what batches are gathered and mixtures are drawn from.</summary>
public interface IRows<out TRow>
{
    /// <summary>Names the stream's content for lineage: sources, order, seed, sizes.</summary>
    string Fingerprint { get; }

    /// <summary>Rows in one pass over the data, or null for a stream without an end.</summary>
    long? RowsPerEpoch { get; }

    /// <summary>The row at an index, a pure function of it; safe to call from several threads.</summary>
    TRow Row(long index);
}
