using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Heirloom.Data.Batching;
using Heirloom.Data.Tokens;

namespace Heirloom.Data.Sentences;

/// <summary>The rows of a <see cref="SentenceCorpus"/> in memory; each epoch has every row once, in an order of its own.</summary>
public sealed class SentenceRows : IRows<TokenRow>
{
    private readonly TokenRow[] _rows;
    private readonly Seed _seed;

    /// <param name="corpus">Documents of sentences.</param>
    /// <param name="input">How they are laid into rows.</param>
    /// <param name="contextLength">Tokens a row.</param>
    /// <param name="seed">Of pairs and of orders.</param>
    /// <exception cref="UserError">The corpus is empty or does not suit the inputs.</exception>
    public SentenceRows(SentenceCorpus corpus, SentenceInputConfig input, int contextLength, Seed seed)
    {
        _rows = [.. input.Rows(corpus, contextLength, seed.For("rows"))];
        if (_rows.Length == 0)
        {
            throw new UserError("there is no sentence to train on", mend: "name a source that holds some");
        }

        _seed = seed;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var row in _rows)
        {
            hash.AppendData(MemoryMarshal.AsBytes<long>(row.Ids));
            hash.AppendData(BitConverter.GetBytes(row.Relation ?? -1));
        }

        Fingerprint = Hashes.OfText($"sentences {Convert.ToHexStringLower(hash.GetHashAndReset())} {seed.Value}");
    }

    public string Fingerprint { get; }

    public long? RowsPerEpoch => _rows.Length;

    /// <summary>Tokens of a row on average, padding not counted.</summary>
    public double MeanLength => _rows.Average(r => r.Length);

    /// <summary>Rows that together hold about so many tokens: how batches of inputs that fill their rows differently are made equal (Liu et al. 2019, §4.2).</summary>
    /// <param name="tokens">At least 1.</param>
    public int RowsOf(int tokens) => Math.Max(1, (int)Math.Round(tokens / MeanLength));

    public TokenRow Row(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var (epoch, at) = Math.DivRem(index, _rows.Length);
        return _rows[new Permutation(_rows.Length, _seed.For("epoch", epoch))[at]];
    }
}
