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

    public void Normalize(AlignedText text)
    {
        if (CleanText)
        {
            text.Keep(rune => !IsDropped(rune));
            text.Map(rune => Rune.IsWhiteSpace(rune) ? new(' ') : rune);
        }

        if (HandleChineseChars)
        {
            var edit = text.Rewrite();
            foreach (var rune in text.Text.EnumerateRunes())
            {
                var ideograph = IsIdeograph(rune.Value);
                if (ideograph)
                {
                    edit.Add(new(' '), 0);
                }

                edit.Add(rune, ideograph ? 1 : 0);
                if (ideograph)
                {
                    edit.Add(new(' '), 1);
                }
            }

            edit.Apply();
        }

        if (StripAccents ?? Lowercase)
        {
            UnicodeNormalization.Apply(text, compatible: false, compose: false);
            text.Keep(rune => UnicodeEight.Category(rune) != UnicodeCategory.NonSpacingMark);
        }

        if (Lowercase)
        {
            Normalizers.Lowercase.Lower(text);
        }
    }

    /// <summary>The same in one pass.</summary>
    public string Normalize(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value >= 0x300 && UnicodeNormalization.IsReordered(rune))
            {
                var aligned = AlignedText.Of(text, tracked: false);
                Normalize(aligned);
                return aligned.Text;
            }

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
        result.Append(units[..(Lowercase ? Normalizers.Lowercase.Of(rune) : rune).EncodeToUtf16(units)]);
    }

    private static bool IsDropped(Rune rune) => rune.Value is 0 or 0xFFFD
        || (rune.Value is not ('\t' or '\n' or '\r') && UnicodeEight.Category(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);

    private static bool IsIdeograph(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
