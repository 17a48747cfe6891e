using Heirloom.Data.Batching;

namespace Heirloom.Data.Tokens;

/// <summary>Batches whose rows are drawn from several packed streams by weights; <see cref="MixtureConfig.Replay"/> is the case of new and old data.</summary>
/// <param name="streams">Streams of equal context length.</param>
/// <param name="config">One weight a stream, possibly changing over steps.</param>
/// <param name="batchSize">Rows a batch.</param>
/// <param name="seed">Decides which stream a row comes from.</param>
public sealed class MixtureBatches(IEnumerable<IRows<TokenRow>> streams, MixtureConfig config, int batchSize, Seed seed) : IBatches<TokenBatch>
{
    private readonly RowBatches<TokenRow, TokenBatch> _batches = new(new MixtureRows<TokenRow>(streams, config, batchSize, seed), batchSize, TokenRow.Collate);

    public string Fingerprint => _batches.Fingerprint;

    /// <summary>None: the streams' epochs end at different times.</summary>
    public long? StepsPerEpoch => null;

    public TokenBatch At(long step) => _batches.At(step);
}
