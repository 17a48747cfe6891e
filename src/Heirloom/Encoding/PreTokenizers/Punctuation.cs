using Heirloom.Encoding.Characters;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Splits at punctuation, each mark a delimiter.</summary>
[Stage("Punctuation")]
public sealed record Punctuation : RangePreTokenizer
{
    public SplitBehavior Behavior { get; init; } = SplitBehavior.Isolated;

    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces) => Delimiters.Cut(text, Behavior, CharacterClasses.IsPunctuation, pieces);
}
