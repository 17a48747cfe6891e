using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Formats;

/// <summary>Merges for a vocabulary that says in which order tokens come about, and not from what.</summary>
internal static class RankedMerges
{
    /// <summary>Every way in which two tokens make a third: the sooner the third, the sooner the merge.</summary>
    public static List<BpeMerge> Of(IReadOnlyDictionary<string, int> vocabulary, IEnumerable<string> inOrder)
    {
        var merges = new List<BpeMerge>();
        foreach (var token in inOrder)
        {
            var ways = new List<(int Left, int Right, BpeMerge Merge)>();
            for (var at = 1; at < token.Length; at++)
            {
                var (left, right) = (token[..at], token[at..]);
                if (!char.IsLowSurrogate(token[at]) && vocabulary.TryGetValue(left, out var l) && vocabulary.TryGetValue(right, out var r))
                {
                    ways.Add((l, r, new(left, right)));
                }
            }

            merges.AddRange(ways.OrderBy(w => w.Left).ThenBy(w => w.Right).Select(w => w.Merge));
        }

        return merges;
    }
}
