namespace Heirloom.Encoding.Stages;

/// <summary>Joins the pair of lowest rank, the leftmost of several, until no pair is in the list.</summary>
internal sealed class BpeMerger
{
    /// <summary>Up to here, looking for the lowest rank by scanning beats a heap.</summary>
    private const int Short = 64;

    private readonly MergeTable _merges;

    public BpeMerger(BpeModel model)
    {
        var prefix = model.ContinuingSubwordPrefix?.Length ?? 0;
        _merges = new(model.Merges.Count);
        for (var rank = 0; rank < model.Merges.Count; rank++)
        {
            var (left, right) = model.Merges[rank];
            _merges.Set(model.Vocab[left], model.Vocab[right], rank, model.Vocab[left + right[prefix..]]);
        }
    }

    public void Merge(BpeWord word)
    {
        if (word.Count <= Short)
        {
            MergeShort(word);
        }
        else
        {
            MergeLong(word, 0, null);
        }
    }

    /// <summary>The same, leaving each merge out with a probability whenever it comes up (Provilkov, Emelianenko and Voita 2020).</summary>
    public void Merge(BpeWord word, double dropout, Rng draws) => MergeLong(word, dropout, draws);

    private void MergeShort(BpeWord word)
    {
        Span<ulong> merges = stackalloc ulong[Short]; // of each symbol with its right neighbour
        var symbols = word.Ids;
        var lengths = word.Lengths;
        var count = word.Count;
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
            lengths[at] += lengths[at + 1];
            symbols[(at + 2)..count].CopyTo(symbols[(at + 1)..]);
            lengths[(at + 2)..count].CopyTo(lengths[(at + 1)..]);
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

        word.Shorten(count);
    }

    /// <summary>With a heap and a linked list: n log n, for pieces as long as a document without a space.</summary>
    private void MergeLong(BpeWord word, double dropout, Rng? draws)
    {
        var symbols = word.Ids;
        var lengths = word.Lengths;
        var count = word.Count;
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<int, ulong>(count);
        var skipped = new List<(int, ulong)>();
        for (var i = 0; i < count; i++)
        {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
        }

        for (var i = 0; i + 1 < count; i++)
        {
            Enqueue(i, symbols);
        }

        while (queue.TryDequeue(out var at, out var priority))
        {
            if (draws is not null && draws.NextDouble() < dropout)
            {
                skipped.Add((at, priority));
                continue;
            }

            queue.EnqueueRange(skipped);
            skipped.Clear();
            var right = symbols[at] < 0 ? -1 : next[at];
            if (right < 0 || _merges.Find(symbols[at], symbols[right]) is var merge && (merge == MergeTable.None || merge >> 32 != priority >> 32))
            {
                continue; // a neighbour has changed since
            }

            symbols[at] = MergeTable.IdOf(merge);
            lengths[at] += lengths[right];
            symbols[right] = -1;
            next[at] = next[right];
            if (next[at] >= 0)
            {
                previous[next[at]] = at;
            }

            Enqueue(at, symbols);
            if (previous[at] >= 0)
            {
                Enqueue(previous[at], symbols);
            }
        }

        var kept = 0;
        for (var i = 0; i >= 0 && i < count; i = next[i])
        {
            (symbols[kept], lengths[kept]) = (symbols[i], lengths[i]);
            kept++;
        }

        word.Shorten(kept);

        // the lower half of a priority is the place, so that of equal ranks the leftmost comes first
        void Enqueue(int place, ReadOnlySpan<int> now)
        {
            if (next[place] >= 0 && _merges.Find(now[place], now[next[place]]) is var found and not MergeTable.None)
            {
                queue.Enqueue(place, (found & 0xFFFFFFFF00000000) | (uint)place);
            }
        }
    }
}
