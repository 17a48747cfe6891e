using System.Collections.Frozen;
using System.Text;

namespace Heirloom.Encoding.Patterns;

/// <summary>Matching without regard to case: letters that fold alike match each other, and a few ligatures match what they are made of.</summary>
internal static class CaseFolds
{
    /// <summary>Ligatures that fold to several letters; longer ones first.</summary>
    private static readonly (string Letters, string Ligatures)[] Ligatures =
        [("ffi", "\uFB03"), ("ffl", "\uFB04"), ("ff", "\uFB00"), ("fi", "\uFB01"), ("fl", "\uFB02"), ("ss", "\u00DF\u1E9E"), ("st", "\uFB05\uFB06")];

    /// <summary>Sets of code points that fold alike, by each of them; only where there are several.</summary>
    private static readonly Lazy<FrozenDictionary<int, int[]>> Alike = new(() => Enumerable.Range(0, 0x20000).Where(Rune.IsValid)
        .GroupBy(Fold).Where(g => g.Count() > 1).Select(g => g.ToArray()).SelectMany(g => g.Select(c => KeyValuePair.Create(c, g))).ToFrozenDictionary());

    public static int Fold(int codePoint) => codePoint switch
    {
        0x17F => 's', // the framework's invariant mapping leads from no other script to ASCII
        0x212A => 'k',
        _ => Rune.ToLowerInvariant(Rune.ToUpperInvariant(new(codePoint))).Value,
    };

    /// <summary>The set with all that folds like one of it.</summary>
    public static CodePointSet Close(CodePointSet set) =>
        set.Or(CodePointSet.Of(Alike.Value.Where(a => set.Contains(a.Key)).SelectMany(a => a.Value).Distinct().Select(c => (c, c))));

    /// <summary>Lets letters that were written side by side match their ligature.</summary>
    public static IReadOnlyList<PatternNode> Expand(List<PatternNode> parts)
    {
        for (var at = 0; at < parts.Count; at++)
        {
            foreach (var (letters, ligatures) in Ligatures)
            {
                if (parts[at] is SetNode { Folded: { } one } ligature && ligatures.Any(l => Fold(l) == one))
                {
                    parts[at] = new ChoiceNode([ligature, new SequenceNode([.. letters.Select(l => new SetNode(Close(CodePointSet.Of(l))))])]);
                    break;
                }

                if (at + letters.Length <= parts.Count && letters.Index().All(l => parts[at + l.Index] is SetNode { Folded: { } folded } && folded == l.Item))
                {
                    var spelled = new SequenceNode(parts[at..(at + letters.Length)]);
                    parts.RemoveRange(at, letters.Length);
                    parts.Insert(at, new ChoiceNode([spelled, .. ligatures.Select(l => new SetNode(Close(CodePointSet.Of(l))))]));
                    break;
                }
            }
        }

        return parts;
    }
}
