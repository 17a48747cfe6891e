using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Heirloom.Data;
using Heirloom.Data.Tokens;

namespace Heirloom.Objectives;

/// <summary>
/// Rows whose tokens are hidden once and for all, in a number of copies that take turns epoch by epoch: BERT's static masking, for which the data are
/// duplicated (ten times for forty epochs; Liu et al. 2019, §4.1). Train on them with <see cref="MaskedLM.OfHidden"/>.
/// </summary>
/// <remarks>What is hidden depends on a row's own tokens and the copy alone, so the order of an epoch changes nothing.</remarks>
public sealed class StaticallyMaskedRows : IRows<TokenRow>
{
    private readonly IRows<TokenRow> _rows;
    private readonly Masking _masking;
    private readonly int _copies;
    private readonly Seed _seed;

    /// <param name="rows">With an end, so that there are epochs.</param>
    /// <param name="masking">What is hidden.</param>
    /// <param name="copies">Masks that a row has; epoch e uses mask e mod copies.</param>
    /// <param name="seed">Of the masks.</param>
    public StaticallyMaskedRows(IRows<TokenRow> rows, Masking masking, int copies, Seed seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(copies);
        RowsPerEpoch = rows.RowsPerEpoch ?? throw new UserError("a stream without an end has no epochs", "static masking", "mask it anew every step");
        (_rows, _masking, _copies, _seed) = (rows, masking, copies, seed);
        Fingerprint = Hashes.OfText($"masked {masking.Fingerprint} {copies} {seed.Value} {rows.Fingerprint}");
    }

    public string Fingerprint { get; }

    public long? RowsPerEpoch { get; }

    public TokenRow Row(long index)
    {
        var row = _rows.Row(index);
        var content = BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(MemoryMarshal.AsBytes<long>(row.Ids)));
        return _masking.ApplyToRow(row, _seed.For($"copy {index / RowsPerEpoch!.Value % _copies}", content));
    }
}
