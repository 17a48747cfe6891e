using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Characters;

/// <summary>
/// Canonical decomposition (Unicode Standard Annex 15) of single code points. Ours, because the framework leaves text as it is
/// under invariant globalization. Marks of a decomposition are in canonical order; those of neighbouring characters are not reordered.
/// </summary>
internal static partial class CanonicalDecomposition
{
    /// <summary>UTF-16 units that a decomposition can take.</summary>
    public const int Longest = 6;

    private const int HangulFirst = 0xAC00, HangulCount = 11172, LeadFirst = 0x1100, VowelFirst = 0x1161, TrailFirst = 0x11A7, Vowels = 21, Trails = 28;

    private static readonly Lazy<FrozenDictionary<int, string>> Decompositions = new(() => Table
        .Split([';', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(entry => entry.Split(' ').Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray())
        .ToFrozenDictionary(codes => codes[0], codes => string.Concat(codes.Skip(1).Select(char.ConvertFromUtf32))));

    /// <summary>Every code point that has a decomposition, Hangul syllables apart, with its parts.</summary>
    public static IEnumerable<(int Rune, int[] Parts)> All() =>
        Decompositions.Value.Select(d => (d.Key, d.Value.EnumerateRunes().Select(r => r.Value).ToArray()));

    /// <summary>Writes the decomposition, the code point itself where it has none.</summary>
    /// <returns>The units written.</returns>
    public static int Decompose(Rune rune, Span<char> destination)
    {
        var syllable = rune.Value - HangulFirst;
        if (syllable is >= 0 and < HangulCount)
        {
            destination[0] = (char)(LeadFirst + syllable / (Vowels * Trails));
            destination[1] = (char)(VowelFirst + syllable % (Vowels * Trails) / Trails);
            destination[2] = (char)(TrailFirst + syllable % Trails);
            return syllable % Trails == 0 ? 2 : 3;
        }

        if (!Decompositions.Value.TryGetValue(rune.Value, out var parts))
        {
            return rune.EncodeToUtf16(destination);
        }

        parts.CopyTo(destination);
        return parts.Length;
    }
}
