using System.ComponentModel.DataAnnotations;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Heirloom.Data.Refining;

/// <summary>Settings of <see cref="MinHash"/>; the defaults are those of Penedo et al. 2023 (RefinedWeb), §3.3: 9,000 hashes in 20 bands of 450.</summary>
public sealed record MinHashConfig : IExample<MinHashConfig>
{
    public static MinHashConfig Example => new() { Bands = 4, Rows = 2 };

    /// <summary>Words of a shingle.</summary>
    [Range(1, 1000)]
    public int ShingleWords { get; init; } = 5;

    /// <summary>Bands b: documents that agree in one of them are near-duplicates.</summary>
    [Range(1, 10_000)]
    public int Bands { get; init; } = 20;

    /// <summary>Hashes r of a band. Documents of similarity s agree in a band with probability s^r, so (1/b)^(1/r) is about where they begin to be found: 0.993.</summary>
    [Range(1, 10_000)]
    public int Rows { get; init; } = 450;

    /// <summary>Of the hash functions.</summary>
    public Seed Seed { get; init; } = new(1);
}

/// <summary>
/// Signatures whose agreement estimates the Jaccard similarity of two texts' sets of shingles (Broder 1997). Shingles are of lower-case words of letters and
/// digits; a text shorter than one is a single shingle, and so is one without a word, of all its characters.
/// </summary>
public sealed class MinHash
{
    // of the hash by Fowler, Noll and Vo
    private const ulong Offset = 14695981039346656037, Prime = 1099511628211;

    private readonly MinHashConfig _config;
    private readonly uint[] _factors;
    private readonly uint[] _addends;

    public MinHash(MinHashConfig config)
    {
        _config = config;
        var random = config.Seed.For("minhash").Random();
        var count = config.Bands * config.Rows;
        // whole vectors, so that no remainder needs a loop of its own
        var padded = (count + Vector<uint>.Count - 1) / Vector<uint>.Count * Vector<uint>.Count;
        (_factors, _addends) = (new uint[padded], new uint[padded]);
        for (var i = 0; i < padded; i++)
        {
            (_factors[i], _addends[i]) = ((uint)random.NextUInt64() | 1, (uint)random.NextUInt64());
        }
    }

    /// <summary>b·r minima, one for each hash function.</summary>
    public uint[] Signature(string text)
    {
        var shingles = Shingles(text);
        var signature = new uint[_factors.Length];
        Array.Fill(signature, uint.MaxValue);
        var factors = MemoryMarshal.Cast<uint, Vector<uint>>(_factors);
        var addends = MemoryMarshal.Cast<uint, Vector<uint>>(_addends);
        var minima = MemoryMarshal.Cast<uint, Vector<uint>>(signature.AsSpan());
        foreach (var shingle in shingles)
        {
            var value = new Vector<uint>(shingle);
            for (var i = 0; i < minima.Length; i++)
            {
                // a line modulo 2³² orders shingles alike for many functions; folding and a second product undo that
                var hash = (value * factors[i]) + addends[i];
                hash = (hash ^ Vector.ShiftRightLogical(hash, 15)) * factors[i];
                minima[i] = Vector.Min(minima[i], hash ^ Vector.ShiftRightLogical(hash, 13));
            }
        }

        return signature[..(_config.Bands * _config.Rows)];
    }

    /// <summary>One key a band; texts that share one are near-duplicates.</summary>
    public UInt128[] Keys(string text)
    {
        var signature = Signature(text);
        var keys = new UInt128[_config.Bands];
        for (var band = 0; band < keys.Length; band++)
        {
            var bytes = MemoryMarshal.AsBytes(signature.AsSpan(band * _config.Rows, _config.Rows));
            keys[band] = MemoryMarshal.Read<UInt128>(System.Security.Cryptography.SHA256.HashData(bytes));
        }

        return keys;
    }

    /// <summary>The share of hashes on which two signatures agree.</summary>
    public static double Similarity(ReadOnlySpan<uint> first, ReadOnlySpan<uint> second)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(first.Length, second.Length);
        var same = 0;
        for (var i = 0; i < first.Length; i++)
        {
            same += first[i] == second[i] ? 1 : 0;
        }

        return same / (double)first.Length;
    }

    private HashSet<uint> Shingles(string text)
    {
        var words = WordHashes(text);
        var shingles = new HashSet<uint>();
        var size = Math.Min(_config.ShingleWords, words.Count);
        for (var at = 0; at + size <= words.Count; at++)
        {
            var key = 0ul;
            for (var i = at; i < at + size; i++)
            {
                key = BitOperations.RotateLeft((key ^ words[i]) * 0x9E3779B97F4A7C15ul, 29);
            }

            shingles.Add((uint)((key * 0xBF58476D1CE4E5B9ul) >> 32));
        }

        return shingles;
    }

    private static List<ulong> WordHashes(string text)
    {
        var words = new List<ulong>();
        var (hash, inside) = (0ul, false);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                hash = ((inside ? hash : Offset) ^ (uint)Rune.ToLowerInvariant(rune).Value) * Prime;
                inside = true;
            }
            else if (inside)
            {
                words.Add(hash);
                inside = false;
            }
        }

        if (inside)
        {
            words.Add(hash);
        }

        if (words.Count == 0)
        {
            words.Add(text.Aggregate(Offset, (all, c) => (all ^ c) * Prime)); // or all texts of signs alone would be copies of one another
        }

        return words;
    }
}
