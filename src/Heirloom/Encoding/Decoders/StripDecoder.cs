using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Takes a character off the ends of every part, so many times at most.</summary>
[Stage("Strip")]
public sealed record StripDecoder : IDecoder
{
    /// <summary>One code point.</summary>
    public required string Content { get; init; }

    public required int Start { get; init; }

    public required int Stop { get; init; }

    public void Check(TokenizerDefinition definition)
    {
        Delimiters.RequireOne(Content, "Strip.content");
        if (Start < 0 || Stop < 0)
        {
            throw new UserError("a number of characters is negative", "Strip", "start and stop are 0 or more");
        }
    }

    public IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts) => [.. parts.Select(Cut)];

    private string Cut(string part)
    {
        var (start, end) = (0, part.Length);
        for (var i = 0; i < Start && part.AsSpan(start).StartsWith(Content, StringComparison.Ordinal); i++)
        {
            start += Content.Length;
        }

        for (var i = 0; i < Stop && end > start && part.AsSpan(start, end - start).EndsWith(Content, StringComparison.Ordinal); i++)
        {
            end -= Content.Length;
        }

        return part[start..end];
    }
}
