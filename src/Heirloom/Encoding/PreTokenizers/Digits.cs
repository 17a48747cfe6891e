using Heirloom.Encoding.Characters;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Parts numbers from the rest; the numbers of every script, fractions and letters that count among them.</summary>
[Stage("Digits")]
public sealed record Digits : RangePreTokenizer
{
    /// <summary>Whether each digit is a piece, or a run of them.</summary>
    public bool IndividualDigits { get; init; }

    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces) =>
        Delimiters.Cut(text, IndividualDigits ? SplitBehavior.Isolated : SplitBehavior.Contiguous, CharacterClasses.IsNumber, pieces);
}
