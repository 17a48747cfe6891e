using Heirloom.Data.Batching;

namespace Heirloom.Data.Tokens;

/// <summary>
/// Batches of packed rows: <c>Ids</c> and <c>Targets</c> [B, T], <c>Segments</c> where boundaries are respected, <c>Mask</c> where a row is padded.
/// Rows run on across epochs, so every batch is full and every token still comes once an epoch.
/// </summary>
public sealed class PackedBatches(TokenFile file, PackingConfig config, Seed seed) : IBatches<TokenBatch>
{
    private readonly RowBatches<TokenRow, TokenBatch> _batches = new(new PackedRows(file, config, seed), config.BatchSize, TokenRow.Collate);

    /// <summary>The rows, for mixtures.</summary>
    public IRows<TokenRow> Rows => _batches.Rows;

    public string Fingerprint => _batches.Fingerprint;

    public long? StepsPerEpoch => _batches.StepsPerEpoch;

    public TokenBatch At(long step) => _batches.At(step);
}
