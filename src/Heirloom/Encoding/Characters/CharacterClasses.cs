using System.Buffers;
using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Characters;

/// <summary>The classes of characters that stages ask for, each as the library that the ecosystem takes it from has it.</summary>
internal static class CharacterClasses
{
    private const byte Word = 1, Number = 2, Mark = 4;

    /// <summary>The classes of the Basic Multilingual Plane, surrogates without any.</summary>
    private static readonly byte[] Plane = [.. Enumerable.Range(0, 0x10000).Select(c => Rune.IsValid(c) ? Of(new(c)) : (byte)0)];

    /// <summary>Letters, marks, decimal and letter-like numbers, connectors and joiners: what Unicode's annex 18 calls a word character.</summary>
    public static bool IsWord(ReadOnlySpan<char> text, int at, out int width) => (At(text, at, out width) & Word) != 0;

    /// <summary>Numbers of every kind, those of Unicode 17 too.</summary>
    public static bool IsNumber(ReadOnlySpan<char> text, int at, out int width) => (At(text, at, out width) & Number) != 0;

    /// <summary>ASCII punctuation and symbols, and punctuation as Unicode 8 has it.</summary>
    public static bool IsPunctuation(ReadOnlySpan<char> text, int at, out int width) => (At(text, at, out width) & Mark) != 0;

    private static byte At(ReadOnlySpan<char> text, int at, out int width)
    {
        width = 1;
        if (!char.IsHighSurrogate(text[at]) || Rune.DecodeFromUtf16(text[at..], out var rune, out var units) != OperationStatus.Done)
        {
            return Plane[text[at]];
        }

        width = units;
        return Of(rune);
    }

    private static byte Of(Rune rune)
    {
        var category = Rune.GetUnicodeCategory(rune);
        var word = Rune.IsLetter(rune) || category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation || IsOtherWord(rune.Value);
        var mark = rune.IsAscii
            ? rune.Value is > ' ' and < 0x7F && !Rune.IsLetterOrDigit(rune)
            : UnicodeEight.Category(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;
        return (byte)((word ? Word : 0) | (Rune.IsNumber(rune) || rune.Value is (>= 0x11DE0 and <= 0x11DE9) or (>= 0x16FF4 and <= 0x16FF6) ? Number : 0) | (mark ? Mark : 0));
    }

    /// <summary>Symbols that count as alphabetic, and the joiners.</summary>
    private static bool IsOtherWord(int c) => c is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
        or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
}
