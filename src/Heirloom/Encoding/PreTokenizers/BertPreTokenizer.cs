using System.Globalization;
using System.Text;
using Heirloom.Encoding.Characters;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Splits at white space, which it drops, and at punctuation, each mark a piece of its own (Devlin et al. 2019).</summary>
[Stage("BertPreTokenizer")]
public sealed record BertPreTokenizer : IPreTokenizer
{
    public void Split(ReadOnlySpan<char> text, IPieceSink pieces)
    {
        var (start, at) = (0, 0);
        while (at < text.Length)
        {
            Rune.DecodeFromUtf16(text[at..], out var rune, out var width);
            var (space, mark) = (Rune.IsWhiteSpace(rune), IsMark(rune));
            if (space || mark)
            {
                Flush(text, start, at);
                if (mark)
                {
                    pieces.Add(text.Slice(at, width));
                }

                start = at + width;
            }

            at += width;
        }

        Flush(text, start, at);

        void Flush(ReadOnlySpan<char> text, int from, int to)
        {
            if (to > from)
            {
                pieces.Add(text[from..to]);
            }
        }
    }

    private static bool IsMark(Rune rune) => rune.IsAscii
        ? rune.Value is > ' ' and < 0x7F && !Rune.IsLetterOrDigit(rune)
        : UnicodeEight.Category(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation
            or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
            or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;
}
