using System.Buffers;

namespace Heirloom.Encoding.Stages;

/// <summary>Encodes pieces as byte-level BPE. Words seen before come from a cache; nothing is allocated for the others but their entry in it.</summary>
internal sealed class BpeEncoder : IPieceEncoder
{
    /// <summary>Up to here, looking for the lowest rank by scanning beats a heap.</summary>
    private const int ShortBytes = 64;

    private readonly int[] _byteIds = new int[256];
    private readonly MergeTable _merges;
    private readonly WordCache _cache = new();
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _whole;

    public BpeEncoder(BpeModel model)
    {
        for (var b = 0; b < 256; b++)
        {
            _byteIds[b] = model.Vocab.TryGetValue(ByteAlphabet.CharacterOf((byte)b).ToString(), out var id) ? id : -1;
        }

        _merges = new(model.Merges.Count);
        for (var rank = 0; rank < model.Merges.Count; rank++)
        {
            var (left, right) = model.Merges[rank];
            _merges.Set(model.Vocab[left], model.Vocab[right], rank, model.Vocab[left + right]);
        }

        if (model.IgnoreMerges)
        {
            _whole = new Dictionary<string, int>(model.Vocab).GetAlternateLookup<ReadOnlySpan<char>>();
        }
    }

    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.Length > WordCache.LongestWord)
        {
            EncodeNew(piece, ids);
        }
        else if (!_cache.TryAppend(piece, ids))
        {
            var before = ids.Count;
            EncodeNew(piece, ids);
            _cache.Add(piece, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids)[before..]);
        }
    }

    private void EncodeNew(ReadOnlySpan<char> piece, List<int> ids)
    {
        var most = TextEncoding.UTF8.GetMaxByteCount(piece.Length);
        byte[]? rented = null;
        var bytes = most <= 512 ? stackalloc byte[512] : rented = ArrayPool<byte>.Shared.Rent(most);
        var length = TextEncoding.UTF8.GetBytes(piece, bytes);
        bytes = bytes[..length];
        if (_whole is { } whole && whole.TryGetValue(ByteAlphabet.Write(bytes), out var id))
        {
            ids.Add(id);
        }
        else if (length <= ShortBytes)
        {
            MergeShort(bytes, ids);
        }
        else
        {
            MergeLong(bytes, ids);
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Known bytes as symbols; one that the vocabulary lacks is left out, as other tools do.</summary>
    private int Symbols(ReadOnlySpan<byte> bytes, Span<int> symbols)
    {
        var count = 0;
        foreach (var value in bytes)
        {
            var id = _byteIds[value];
            symbols[count] = id;
            count += id >= 0 ? 1 : 0;
        }

        return count;
    }

    private void MergeShort(ReadOnlySpan<byte> bytes, List<int> ids)
    {
        Span<int> symbols = stackalloc int[ShortBytes];
        Span<ulong> merges = stackalloc ulong[ShortBytes]; // of each symbol with its right neighbour
        var count = Symbols(bytes, symbols);
        for (var i = 0; i + 1 < count; i++)
        {
            merges[i] = _merges.Find(symbols[i], symbols[i + 1]);
        }

        while (count > 1)
        {
            var best = MergeTable.None;
            var at = 0;
            for (var i = 0; i < count - 1; i++)
            {
                if (merges[i] < best)
                {
                    best = merges[i];
                    at = i;
                }
            }

            if (best == MergeTable.None)
            {
                break;
            }

            symbols[at] = MergeTable.IdOf(best);
            symbols[(at + 2)..count].CopyTo(symbols[(at + 1)..]);
            merges[(at + 1)..(count - 1)].CopyTo(merges[at..]);
            count--;
            if (at + 1 < count)
            {
                merges[at] = _merges.Find(symbols[at], symbols[at + 1]);
            }

            if (at > 0)
            {
                merges[at - 1] = _merges.Find(symbols[at - 1], symbols[at]);
            }
        }

        ids.AddRange((ReadOnlySpan<int>)symbols[..count]);
    }

    /// <summary>The same with a heap and a linked list: n log n, for pieces as long as a document without a space.</summary>
    private void MergeLong(ReadOnlySpan<byte> bytes, List<int> ids)
    {
        var symbols = new int[bytes.Length];
        var count = Symbols(bytes, symbols);
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<(int At, ulong Merge), (ulong Merge, int At)>(count);
        for (var i = 0; i < count; i++)
        {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
            Enqueue(i);
        }

        while (queue.TryDequeue(out var top, out _))
        {
            var (at, merge) = top;
            var right = symbols[at] < 0 ? -1 : next[at];
            if (right < 0 || _merges.Find(symbols[at], symbols[right]) != merge)
            {
                continue; // a neighbour has changed since
            }

            symbols[at] = MergeTable.IdOf(merge);
            symbols[right] = -1;
            next[at] = next[right];
            if (next[at] >= 0)
            {
                previous[next[at]] = at;
            }

            Enqueue(at);
            if (previous[at] >= 0)
            {
                Enqueue(previous[at]);
            }
        }

        for (var i = count == 0 ? -1 : 0; i >= 0; i = next[i])
        {
            ids.Add(symbols[i]);
        }

        void Enqueue(int at)
        {
            if (next[at] >= 0 && _merges.Find(symbols[at], symbols[next[at]]) is var merge and not MergeTable.None)
            {
                queue.Enqueue((at, merge), (merge, at));
            }
        }
    }
}
