using System.Globalization;
using System.Text;
using Heirloom.Encoding.Characters;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>The text cleaning of BERT (Devlin et al. 2019).</summary>
[Stage("BertNormalizer")]
public sealed record BertNormalizer : INormalizer
{
    /// <summary>Drops control characters and makes every white space a plain one.</summary>
    public bool CleanText { get; init; } = true;

    /// <summary>Puts spaces around CJK ideographs, so that each is a word.</summary>
    public bool HandleChineseChars { get; init; } = true;

    /// <summary>Drops the non-spacing marks of the decomposed text; null does so when lowercasing.</summary>
    public bool? StripAccents { get; init; }

    public bool Lowercase { get; init; } = true;

    public string Normalize(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (CleanText && IsDropped(rune))
            {
                continue;
            }

            if (HandleChineseChars && IsIdeograph(rune.Value))
            {
                result.Append(' ');
                Fold(rune, result);
                result.Append(' ');
            }
            else if (CleanText && Rune.IsWhiteSpace(rune))
            {
                result.Append(' ');
            }
            else
            {
                Fold(rune, result);
            }
        }

        return result.ToString();
    }

    private void Fold(Rune rune, StringBuilder result)
    {
        if (!(StripAccents ?? Lowercase))
        {
            Lower(rune, result);
            return;
        }

        if (rune.IsAscii || UnicodeEight.Lacks(rune))
        {
            Lower(rune, result);
            return;
        }

        Span<char> parts = stackalloc char[CanonicalDecomposition.Longest];
        foreach (var part in parts[..CanonicalDecomposition.Decompose(rune, parts)].EnumerateRunes())
        {
            if (UnicodeEight.Category(part) != UnicodeCategory.NonSpacingMark)
            {
                Lower(part, result);
            }
        }
    }

    private void Lower(Rune rune, StringBuilder result)
    {
        const int capitalDottedI = 0x130;
        if (Lowercase && rune.Value == capitalDottedI)
        {
            // the one character whose lower case is two
            result.Append("i\u0307");
            return;
        }

        Span<char> units = stackalloc char[2];
        result.Append(units[..(Lowercase ? Rune.ToLowerInvariant(rune) : rune).EncodeToUtf16(units)]);
    }

    private static bool IsDropped(Rune rune) => rune.Value is 0 or 0xFFFD
        || (rune.Value is not ('\t' or '\n' or '\r') && UnicodeEight.Category(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);

    private static bool IsIdeograph(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
