using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Characters;

/// <summary>
/// The normalization forms (Unicode Standard Annex 15) as Unicode 9 had them, to which the ecosystem's library is frozen. Ours, because the
/// framework leaves text as it is under invariant globalization.
/// </summary>
internal static partial class UnicodeNormalization
{
    private const int HangulFirst = 0xAC00, HangulCount = 11172, LeadFirst = 0x1100, Leads = 19, VowelFirst = 0x1161, Vowels = 21, TrailFirst = 0x11A7, Trails = 28;

    private static readonly Lazy<FrozenDictionary<int, byte>> Classes = new(() => Ranges(CombiningClasses)
        .SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1).Select(c => KeyValuePair.Create(c, byte.Parse(r.Value, CultureInfo.InvariantCulture))))
        .ToFrozenDictionary());

    private static readonly Lazy<FrozenDictionary<int, int[]>> Compatible = new(() => Ranges(CompatibleTable)
        .SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1).Select(c => KeyValuePair.Create(c, Codes(r.Value, c - r.First))))
        .ToFrozenDictionary());

    private static readonly Lazy<FrozenSet<int>> LaterMarkSet = new(() => Ranges(LaterMarks).SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1)).ToFrozenSet());

    private static readonly Lazy<FrozenDictionary<(int, int), int>> Compositions = new(MakeCompositions);

    /// <summary>Marks of Unicode 9, and two that were marks then.</summary>
    public static bool IsCombiningMark(Rune rune) => rune.Value is 0x1CF2 or 0x1CF3
        || (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            && !LaterMarkSet.Value.Contains(rune.Value));

    /// <summary>Whether a character may change places with its neighbours and is no mark that stripping accents drops.</summary>
    public static bool IsReordered(Rune rune) => ClassOf(rune.Value) != 0 && UnicodeEight.Category(rune) != UnicodeCategory.NonSpacingMark;

    /// <summary>Brings a text into a form and keeps track of what became of what.</summary>
    public static void Apply(AlignedText text, bool compatible, bool compose)
    {
        if (Ascii.IsValid(text.Text) && !text.IsTracked)
        {
            return;
        }

        var runes = Decompose(text.Text, compatible);
        var edit = text.Rewrite();
        foreach (var (rune, change) in compose ? Compose(runes) : runes)
        {
            edit.Add(new(rune), change);
        }

        edit.Apply();
    }

    /// <summary>The characters of the decomposition in canonical order, each with 0 where it takes the place of the one it comes from and 1 where it is one more.</summary>
    private static List<(int Rune, int Change)> Decompose(string text, bool compatible)
    {
        var result = new List<(int Rune, int Change)>(text.Length + 16);
        var pending = 0; // where the marks begin that are not in order yet
        Span<char> units = stackalloc char[CanonicalDecomposition.Longest];
        foreach (var rune in text.EnumerateRunes())
        {
            var change = 0;
            if (compatible && !rune.IsAscii && Compatible.Value.TryGetValue(rune.Value, out var parts))
            {
                foreach (var part in parts)
                {
                    Push(part);
                }
            }
            else if (rune.IsAscii || UnicodeEight.Lacks(rune))
            {
                Push(rune.Value);
            }
            else
            {
                foreach (var part in units[..CanonicalDecomposition.Decompose(rune, units)].EnumerateRunes())
                {
                    Push(part.Value);
                }
            }

            void Push(int part)
            {
                if (ClassOf(part) == 0)
                {
                    Sort();
                    result.Add((part, change));
                    pending = result.Count;
                }
                else
                {
                    result.Add((part, change));
                }

                change = 1;
            }
        }

        Sort();
        return result;

        void Sort()
        {
            if (result.Count - pending > 1)
            {
                var sorted = result.Skip(pending).OrderBy(r => ClassOf(r.Rune)).ToList();
                result.RemoveRange(pending, result.Count - pending);
                result.AddRange(sorted);
            }
        }
    }

    private static List<(int Rune, int Change)> Compose(List<(int Rune, int Change)> runes)
    {
        var result = new List<(int Rune, int Change)>(runes.Count);
        var starter = -1;
        int? last = null; // the class of the mark before, where it did not compose
        foreach (var (rune, change) in runes)
        {
            var mark = ClassOf(rune);
            if (starter >= 0 && (last is null || last < mark) && Pair(result[starter].Rune, rune) is { } composed)
            {
                result[starter] = (composed, result[starter].Change + change - 1);
                continue;
            }

            if (mark == 0)
            {
                starter = result.Count;
                last = null;
            }
            else
            {
                last = mark;
            }

            result.Add((rune, change));
        }

        return result;
    }

    private static int? Pair(int first, int second)
    {
        if (first - LeadFirst is var lead and >= 0 and < Leads && second - VowelFirst is var vowel and >= 0 and < Vowels)
        {
            return HangulFirst + (lead * Vowels + vowel) * Trails;
        }

        if (first - HangulFirst is var syllable and >= 0 and < HangulCount && syllable % Trails == 0 && second - TrailFirst is var trail and > 0 and < Trails)
        {
            return first + trail;
        }

        return Compositions.Value.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private static int ClassOf(int rune) => rune < 0x300 ? 0 : Classes.Value.GetValueOrDefault(rune);

    /// <summary>A primary composite is made of what all but the last of its parts compose to, and the last.</summary>
    private static FrozenDictionary<(int, int), int> MakeCompositions()
    {
        var excluded = Ranges(Exclusions).Select(r => r.First).ToHashSet();
        var composites = CanonicalDecomposition.All()
            .Where(d => d.Parts.Length > 1 && !excluded.Contains(d.Rune) && !UnicodeEight.Lacks(new(d.Rune)))
            .OrderBy(d => d.Parts.Length).ToList();
        var pairs = new Dictionary<(int, int), int>();
        foreach (var (rune, parts) in composites)
        {
            var first = parts[0];
            var whole = true;
            foreach (var part in parts[1..^1])
            {
                whole &= pairs.TryGetValue((first, part), out first);
            }

            if (whole)
            {
                pairs[(first, parts[^1])] = rune;
            }
        }

        return pairs.ToFrozenDictionary();
    }

    private static int[] Codes(string codes, int shift) =>
        [.. codes.Split(' ').Select(code => shift + int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];

    /// <summary>Entries of a table: a code point or a range of them in hexadecimal, and what follows.</summary>
    private static IEnumerable<(int First, int Last, string Value)> Ranges(string table)
    {
        foreach (var entry in table.Split([';', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var space = entry.IndexOf(' ', StringComparison.Ordinal);
            var (range, rest) = space < 0 ? (entry, "") : (entry[..space], entry[(space + 1)..]);
            var codes = range.Split('-').Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            yield return (codes[0], codes[^1], rest);
        }
    }
}
