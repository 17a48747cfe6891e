namespace Heirloom.Data.Refining;

/// <summary>How much a text repeats itself: shares of its words' characters (Rae et al. 2021, app. A.1.1).</summary>
/// <param name="words">In order.</param>
public sealed class Repetition(IReadOnlyList<string> words)
{
    private readonly int[] _ids = Number(words);
    private readonly long _characters = words.Sum(w => (long)w.Length);

    /// <summary>Share of characters in occurrences of the most frequent n-gram (of those equally frequent, the one that covers most); 0 where none occurs twice.</summary>
    public double TopGram(int n)
    {
        var grams = Grams(n);
        var best = 0L;
        var most = 1;
        foreach (var places in grams.Values)
        {
            if (places.Count >= most && places.Count > 1)
            {
                best = places.Count > most ? Covered(places, n) : Math.Max(best, Covered(places, n));
                most = places.Count;
            }
        }

        return _characters == 0 ? 0 : best / (double)_characters;
    }

    /// <summary>Share of characters in n-grams that occur more than once, each character counted once.</summary>
    public double DuplicateGrams(int n)
    {
        var repeated = Grams(n).Values.Where(places => places.Count > 1).SelectMany(places => places);
        return _characters == 0 ? 0 : Covered(repeated.Order(), n) / (double)_characters;
    }

    /// <summary>Shares of parts (lines, paragraphs) that occurred before, and of the characters in them.</summary>
    public static (double Parts, double Characters) OfParts(IReadOnlyList<string> parts)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var (repeated, characters) = (0, 0L);
        foreach (var part in parts)
        {
            if (!seen.Add(part))
            {
                repeated++;
                characters += part.Length;
            }
        }

        return parts.Count == 0 ? (0, 0) : (repeated / (double)parts.Count, characters / (double)parts.Sum(p => (long)p.Length));
    }

    private Dictionary<ulong, List<int>> Grams(int n)
    {
        var grams = new Dictionary<ulong, List<int>>();
        for (var at = 0; at + n <= _ids.Length; at++)
        {
            var key = 14695981039346656037ul;
            for (var i = at; i < at + n; i++)
            {
                key = (key ^ (uint)_ids[i]) * 1099511628211ul;
            }

            if (!grams.TryGetValue(key, out var places))
            {
                grams[key] = places = [];
            }

            places.Add(at);
        }

        return grams;
    }

    private long Covered(IEnumerable<int> places, int n)
    {
        var (sum, from) = (0L, 0);
        foreach (var place in places)
        {
            for (var i = Math.Max(place, from); i < place + n; i++)
            {
                sum += words[i].Length;
            }

            from = Math.Max(from, place + n);
        }

        return sum;
    }

    private static int[] Number(IReadOnlyList<string> words)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var ids = new int[words.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            if (!numbers.TryGetValue(words[i], out ids[i]))
            {
                numbers[words[i]] = ids[i] = numbers.Count;
            }
        }

        return ids;
    }
}
