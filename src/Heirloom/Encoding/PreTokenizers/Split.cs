using System.Text.Json.Serialization;
using Heirloom.Encoding.Patterns;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>Splits at the matches of a pattern.</summary>
[Stage("Split")]
public sealed record Split : RangePreTokenizer
{
    public required StagePattern Pattern { get; init; }

    public required SplitBehavior Behavior { get; init; }

    /// <summary>Whether the matches are what is kept, and the delimiters what lies between.</summary>
    public bool Invert { get; init; }

    [JsonIgnore]
    private TextPattern Compiled => Pattern.Compile("pre_tokenizer.pattern");

    public override void Check(TokenizerDefinition definition) => _ = Compiled;

    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces)
    {
        var folder = new PieceFolder(Behavior, pieces);
        var matches = Compiled.Matches(text);
        var at = 0;
        while (matches.MoveNext())
        {
            var (start, end) = matches.Current;
            if (at != start)
            {
                folder.Add(at, start, Invert);
            }

            folder.Add(start, end, !Invert);
            at = end;
        }

        if (at != text.Length)
        {
            folder.Add(at, text.Length, Invert);
        }

        folder.Finish();
    }
}
