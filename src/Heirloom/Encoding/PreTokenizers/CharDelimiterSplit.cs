using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Splits at a character, which it drops.</summary>
[Stage("CharDelimiterSplit")]
public sealed record CharDelimiterSplit : RangePreTokenizer
{
    /// <summary>One code point.</summary>
    public required string Delimiter { get; init; }

    public override void Check(TokenizerDefinition definition) => Delimiters.RequireOne(Delimiter, "pre_tokenizer.delimiter");

    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces)
    {
        var start = 0;
        while (text[start..].IndexOf(Delimiter, StringComparison.Ordinal) is var found and >= 0)
        {
            pieces.Add((start, start + found));
            start += found + Delimiter.Length;
        }

        pieces.Add((start, text.Length));
    }
}
