namespace Heirloom.Data.Tokens;

/// <summary>
/// Rows of T tokens from documents in memory, for bodies of text that are chosen while a program runs (a task's own text, its neighbors) and are too small or
/// too short-lived for a <see cref="TokenFile"/>. Laid out like <see cref="PackedRows"/> with contiguous packing: each epoch has every token once, in an
/// order of rows of its own; documents of a row have segments of their own and no target lies in another document.
/// </summary>
public sealed class InMemoryRows : IRows<TokenRow>
{
    private readonly long[] _ids;
    private readonly int[] _starts;
    private readonly int _context;
    private readonly long _separator;
    private readonly Seed _seed;

    /// <param name="documents">As ids, without the separator.</param>
    /// <param name="contextLength">Tokens a row, T; the last row is padded.</param>
    /// <param name="separator">Ends every document, and fills the last row.</param>
    /// <param name="seed">Decides the order of rows.</param>
    /// <exception cref="UserError">There is no document.</exception>
    public InMemoryRows(IReadOnlyList<IReadOnlyList<int>> documents, int contextLength, int separator, Seed seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        if (documents.Count == 0)
        {
            throw new UserError("there is no text to train on", mend: "name a source that holds some");
        }

        (_context, _separator, _seed) = (contextLength, separator, seed);
        _ids = [.. documents.SelectMany(d => d.Append(separator).Select(id => (long)id))];
        _starts = new int[documents.Count];
        for (var i = 1; i < documents.Count; i++)
        {
            _starts[i] = _starts[i - 1] + documents[i - 1].Count + 1;
        }

        RowsPerEpoch = (_ids.Length + contextLength - 1) / contextLength;
        var content = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(_ids)));
        Fingerprint = Hashes.OfText($"in memory {content} {contextLength} {seed.Value}");
    }

    public string Fingerprint { get; }

    public long? RowsPerEpoch { get; }

    /// <summary>Batches of these rows; rows run on across epochs, so every batch is full.</summary>
    public IBatches<TokenBatch> Batches(int batchSize) => new Batching.RowBatches<TokenRow, TokenBatch>(this, batchSize, TokenRow.Collate);

    public TokenRow Row(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var (epoch, at) = Math.DivRem(index, RowsPerEpoch!.Value);
        var start = (int)new Batching.Permutation(RowsPerEpoch.Value, _seed.For("epoch", epoch))[at] * _context;
        var length = Math.Min(_context, _ids.Length - start);
        var (ids, targets, segments) = (new long[_context], new long[_context], new long[_context]);
        ids.AsSpan(length).Fill(_separator);
        targets.AsSpan(length).Fill(TokenBatch.Ignore);
        Array.Copy(_ids, start, ids, 0, length);
        var document = Array.BinarySearch(_starts, start) is var found && found < 0 ? ~found - 1 : found;
        for (var (t, segment) = (0, 0L); t < length; t++)
        {
            var next = start + t + 1;
            var ends = next == (document + 1 < _starts.Length ? _starts[document + 1] : _ids.Length);
            targets[t] = ends ? TokenBatch.Ignore : _ids[next];
            segments[t] = segment;
            if (ends)
            {
                (document, segment) = (document + 1, segment + 1);
            }
        }

        segments.AsSpan(length).Fill(segments[length - 1]);
        return new(ids, targets, segments, length);
    }
}
