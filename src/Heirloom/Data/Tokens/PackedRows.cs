using Heirloom.Data.Batching;

namespace Heirloom.Data.Tokens;

/// <summary>
/// Rows of T tokens from a token file. In each epoch every token is an input exactly once; the target of a position is the token after it in the file,
/// also where that one lies in another row. What does not fill a row is padded.
/// </summary>
public sealed class PackedRows : IRows<TokenRow>
{
    private readonly TokenFile _file;
    private readonly PackingConfig _config;
    private readonly Seed _seed;
    private readonly IRowPlan _plan;

    /// <exception cref="UserError">Best-fit packing with boundaries ignored.</exception>
    public PackedRows(TokenFile file, PackingConfig config, Seed seed)
    {
        if (config.Packing == Packing.BestFit && config.Boundaries == Boundaries.Ignore)
        {
            throw new UserError("best-fit rows hold documents that do not follow each other", "boundaries", "say boundaries: respect, or packing: contiguous");
        }

        (_file, _config, _seed) = (file, config, seed);
        _plan = config.Packing == Packing.BestFit ? new BestFitPlan(file, config.ContextLength) : new ContiguousPlan(file.Info.Tokens, config.ContextLength);
        Fingerprint = Hashes.OfText($"packed {file.Fingerprint} {config with { BatchSize = 1 }} {(config.Shuffle ? seed.Value : 0)}");
    }

    public string Fingerprint { get; }

    public long? RowsPerEpoch => _plan.Rows;

    public TokenRow Row(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var (epoch, row) = Math.DivRem(index, _plan.Rows);
        var at = _config.Shuffle ? new Permutation(_plan.Rows, _seed.For("epoch", epoch))[row] : row;
        return RowBuilder.Build(_file, _plan.Pieces(at), _config.ContextLength, _config.Boundaries);
    }
}
