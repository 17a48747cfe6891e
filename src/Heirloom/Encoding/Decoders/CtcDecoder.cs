using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Collapses repeated tokens and drops the blank, as connectionist temporal classification asks (Graves et al. 2006).</summary>
[Stage("CTC")]
public sealed record CtcDecoder : IDecoder
{
    /// <summary>The blank.</summary>
    public string PadToken { get; init; } = "<pad>";

    public string WordDelimiterToken { get; init; } = "|";

    /// <summary>Whether to make delimiters spaces and tidy punctuation.</summary>
    public bool Cleanup { get; init; } = true;

    public void Check(TokenizerDefinition definition)
    {
        if (PadToken.Length == 0 || WordDelimiterToken.Length == 0)
        {
            throw new UserError("a token is empty", "decoder", "name pad_token and word_delimiter_token");
        }
    }

    public IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts)
    {
        var result = new List<string>();
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0 && parts[i] == parts[i - 1])
            {
                continue;
            }

            var part = parts[i].Replace(PadToken, "", StringComparison.Ordinal);
            if (Cleanup)
            {
                part = WordPieceDecoder.Tidy(part).Replace(WordDelimiterToken, " ", StringComparison.Ordinal);
            }

            if (part.Length > 0)
            {
                result.Add(part);
            }
        }

        return result;
    }
}
