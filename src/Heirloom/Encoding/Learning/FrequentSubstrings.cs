namespace Heirloom.Encoding.Learning;

/// <summary>Substrings that occur more than once in counted words, by a sorted list of all their beginnings (a suffix array, cut off at a length).</summary>
internal static class FrequentSubstrings
{
    /// <summary>
    /// The substrings of two characters and more that some longer one does not always contain, with the number of their occurrences. In no particular order.
    /// </summary>
    /// <param name="words">Distinct words, as code points.</param>
    /// <param name="counts">How often each occurs.</param>
    /// <param name="longest">Most characters.</param>
    public static List<(int Word, int Start, int Length, long Count)> Find(IReadOnlyList<int[]> words, IReadOnlyList<long> counts, int longest)
    {
        // every word is followed by an end, which differs from all characters
        var starts = new int[words.Count + 1];
        for (var w = 0; w < words.Count; w++)
        {
            starts[w + 1] = checked(starts[w] + words[w].Length + 1);
        }

        var text = new int[starts[^1]];
        var owner = new int[text.Length];
        for (var w = 0; w < words.Count; w++)
        {
            words[w].CopyTo(text, starts[w]);
            text[starts[w + 1] - 1] = -1;
            Array.Fill(owner, w, starts[w], words[w].Length + 1);
        }

        var suffixes = Sorted(text, longest);
        var found = new List<(int, int, int, long)>();
        var open = new Stack<(int Length, long Before)>(); // substrings under way, with what was counted before them
        var total = 0L;
        for (var i = 0; i <= suffixes.Length; i++)
        {
            var common = i == 0 || i == suffixes.Length ? 0 : Common(text, suffixes[i - 1], suffixes[i], longest);
            var before = i == 0 ? 0 : total - counts[owner[suffixes[i - 1]]];
            while (open.Count > 0 && open.Peek().Length > common)
            {
                var (length, from) = open.Pop();
                before = from;
                if (length >= 2 && total - from >= 2)
                {
                    var at = suffixes[i - 1];
                    found.Add((owner[at], at - starts[owner[at]], length, total - from));
                }
            }

            if (common > 0 && (open.Count == 0 || open.Peek().Length < common))
            {
                open.Push((common, before));
            }

            if (i < suffixes.Length)
            {
                var (at, word) = (suffixes[i], owner[suffixes[i]]);
                total += counts[word];

                // what stands in one word alone, which itself came several times
                var rest = Math.Min(longest, starts[word + 1] - 1 - at);
                if (counts[word] >= 2 && rest >= 2 && rest > common && (i + 1 == suffixes.Length || rest > Common(text, at, suffixes[i + 1], longest)))
                {
                    found.Add((word, at - starts[word], rest, counts[word]));
                }
            }
        }

        return found;
    }

    /// <summary>Beginnings in the order of what follows them; equal ones by place, so that the order is the same everywhere.</summary>
    private static int[] Sorted(int[] text, int longest)
    {
        // by the first two characters first: the sort then compares within small groups, one thread each
        var suffixes = Enumerable.Range(0, text.Length).Where(i => text[i] >= 0).ToArray();
        var keys = Array.ConvertAll(suffixes, i => ((long)text[i] << 32) | (uint)(text[i + 1] + 1));
        Array.Sort(keys, suffixes);
        var groups = new List<(int From, int To)>();
        for (var from = 0; from < keys.Length;)
        {
            var to = from + 1;
            while (to < keys.Length && keys[to] == keys[from])
            {
                to++;
            }

            groups.Add((from, to));
            from = to;
        }

        var order = Comparer<int>.Create((a, b) =>
        {
            for (var i = 2; i < longest; i++)
            {
                if (text[a + i - 1] < 0 || text[a + i] != text[b + i])
                {
                    return text[a + i - 1] < 0 || text[a + i] == text[b + i] ? a.CompareTo(b) : text[a + i].CompareTo(text[b + i]);
                }
            }

            return a.CompareTo(b);
        });
        Parallel.ForEach(groups.Where(g => g.To - g.From > 1), g => Array.Sort(suffixes, g.From, g.To - g.From, order));
        return suffixes;
    }

    private static int Common(int[] text, int a, int b, int longest)
    {
        var length = 0;
        while (length < longest && text[a + length] == text[b + length] && text[a + length] >= 0)
        {
            length++;
        }

        return length;
    }
}
