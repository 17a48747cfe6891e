using Heirloom.Encoding.Characters;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Runs of word characters and runs of other marks: <c>\w+|[^\w\s]+</c>. White space is dropped.</summary>
[Stage("Whitespace")]
public sealed record Whitespace : RangePreTokenizer
{
    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces)
    {
        var (start, kind) = (0, 0); // 0 white space, 1 word, 2 other
        for (var at = 0; at < text.Length;)
        {
            var next = CharacterClasses.IsWord(text, at, out var width) ? 1 : char.IsWhiteSpace(text[at]) ? 0 : 2;
            if (next != kind)
            {
                Flush(at);
                (start, kind) = (at, next);
            }

            at += width;
        }

        Flush(text.Length);

        void Flush(int end)
        {
            if (kind != 0)
            {
                pieces.Add((start, end));
            }
        }
    }
}
