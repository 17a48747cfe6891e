using System.Runtime.InteropServices;

namespace Heirloom.Encoding.Stages;

/// <summary>
/// Remembers the ids of short pieces. Entries are immutable and a slot is one reference, so that threads share it without a lock:
/// whoever writes last wins, and a lost entry is only computed again.
/// </summary>
internal sealed class WordCache
{
    /// <summary>Longer pieces seldom come again.</summary>
    public const int LongestWord = 24;

    private const int Bits = 16;

    private readonly Entry?[] _slots = new Entry?[1 << Bits];

    public bool TryAppend(ReadOnlySpan<char> word, List<int> ids)
    {
        var hash = Hash(word);
        var entry = _slots[hash >> (64 - Bits)];
        if (entry is null || entry.Hash != hash || !word.SequenceEqual(entry.Word))
        {
            return false;
        }

        if (entry.More is null)
        {
            ids.Add(entry.First);
        }
        else
        {
            ids.AddRange((ReadOnlySpan<int>)entry.More);
        }

        return true;
    }

    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        var hash = Hash(word);
        _slots[hash >> (64 - Bits)] = new()
        {
            Hash = hash,
            Word = word.ToString(),
            First = ids.Length == 1 ? ids[0] : -1,
            More = ids.Length == 1 ? null : ids.ToArray(),
        };
    }

    /// <summary>Multiplies and folds, four characters at a time.</summary>
    internal static ulong Hash(ReadOnlySpan<char> word)
    {
        const ulong factor = 0x9E3779B97F4A7C15UL;
        var hash = (ulong)word.Length * factor;
        while (word.Length >= 4)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(MemoryMarshal.AsBytes(word))) * factor;
            hash ^= hash >> 32;
            word = word[4..];
        }

        var tail = 0UL;
        foreach (var character in word)
        {
            tail = (tail << 16) | character;
        }

        hash = (hash ^ tail) * factor;
        return (hash ^ (hash >> 29)) * factor;
    }

    private sealed class Entry
    {
        public required ulong Hash { get; init; }

        public required string Word { get; init; }

        public required int First { get; init; }

        public required int[]? More { get; init; }
    }
}
