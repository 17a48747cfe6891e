using Heirloom.Encoding.Characters;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Splits at white space, which it drops, and at punctuation, each mark a piece of its own (Devlin et al. 2019).</summary>
[Stage("BertPreTokenizer")]
public sealed record BertPreTokenizer : RangePreTokenizer
{
    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces)
    {
        var (start, at) = (0, 0);
        while (at < text.Length)
        {
            var (space, mark) = (char.IsWhiteSpace(text[at]), CharacterClasses.IsPunctuation(text, at, out var width));
            if (space || mark)
            {
                pieces.Add((start, at));
                if (mark)
                {
                    pieces.Add((at, at + width));
                }

                start = at + width;
            }

            at += width;
        }

        pieces.Add((start, at));
    }
}
