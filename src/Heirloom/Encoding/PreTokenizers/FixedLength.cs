using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Pieces of so many characters, as for sequences without words.</summary>
[Stage("FixedLength")]
public sealed record FixedLength : RangePreTokenizer
{
    /// <summary>In code points.</summary>
    public int Length { get; init; } = 5;

    public override void Check(TokenizerDefinition definition)
    {
        if (Length < 1)
        {
            throw new UserError($"{Length} characters are no piece", "pre_tokenizer.length", "at least 1");
        }
    }

    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces)
    {
        var (start, count) = (0, 0);
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsLowSurrogate(text[at]))
            {
                continue;
            }

            if (count == Length)
            {
                pieces.Add((start, at));
                (start, count) = (at, 0);
            }

            count++;
        }

        pieces.Add((start, text.Length));
    }
}
