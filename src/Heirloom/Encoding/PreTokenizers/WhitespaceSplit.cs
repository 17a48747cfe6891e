using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Splits at white space, which it drops.</summary>
[Stage("WhitespaceSplit")]
public sealed record WhitespaceSplit : RangePreTokenizer
{
    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces)
    {
        var start = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                pieces.Add((start, at));
                start = at + 1;
            }
        }

        pieces.Add((start, text.Length));
    }
}
