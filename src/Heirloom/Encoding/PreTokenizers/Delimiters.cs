using System.Text;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Cutting at single characters of a class.</summary>
internal static class Delimiters
{
    /// <summary>Whether the character at a place belongs, and how many units it takes.</summary>
    public delegate bool Test(ReadOnlySpan<char> text, int at, out int width);

    public static void Cut(ReadOnlySpan<char> text, SplitBehavior behavior, Test isDelimiter, List<(int Start, int End)> pieces)
    {
        var folder = new PieceFolder(behavior, pieces);
        var start = 0;
        for (var at = 0; at < text.Length;)
        {
            if (isDelimiter(text, at, out var width))
            {
                if (start < at)
                {
                    folder.Add(start, at, delimiter: false);
                }

                folder.Add(at, at + width, delimiter: true);
                start = at + width;
            }

            at += width;
        }

        if (start < text.Length)
        {
            folder.Add(start, text.Length, delimiter: false);
        }

        folder.Finish();
    }

    /// <exception cref="UserError">It is not exactly one code point.</exception>
    public static void RequireOne(string character, string where)
    {
        if (character.Length == 0 || Rune.DecodeFromUtf16(character, out _, out var width) != System.Buffers.OperationStatus.Done || width != character.Length)
        {
            throw new UserError($"'{character}' is not one character", where, "give exactly one");
        }
    }
}
