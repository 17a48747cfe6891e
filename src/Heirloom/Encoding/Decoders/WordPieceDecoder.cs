using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Puts spaces between words and none before a continuation; can tidy the spaces that English punctuation gains on the way.</summary>
[Stage("WordPiece")]
public sealed record WordPieceDecoder : IDecoder
{
    public string Prefix { get; init; } = "##";

    /// <summary>Whether to take back the spaces before marks and contractions, within a token and its space.</summary>
    public bool Cleanup { get; init; } = true;

    public string Decode(IReadOnlyList<string> tokens)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < tokens.Count; i++)
        {
            var part = i == 0 ? tokens[i]
                : tokens[i].StartsWith(Prefix, StringComparison.Ordinal) ? tokens[i][Prefix.Length..]
                : " " + tokens[i];
            text.Append(Cleanup ? Tidy(part) : part);
        }

        return text.ToString();
    }

    private static string Tidy(string part) => part
        .Replace(" .", ".", StringComparison.Ordinal)
        .Replace(" ?", "?", StringComparison.Ordinal)
        .Replace(" !", "!", StringComparison.Ordinal)
        .Replace(" ,", ",", StringComparison.Ordinal)
        .Replace(" ' ", "'", StringComparison.Ordinal)
        .Replace(" n't", "n't", StringComparison.Ordinal)
        .Replace(" 'm", "'m", StringComparison.Ordinal)
        .Replace(" do not", " don't", StringComparison.Ordinal)
        .Replace(" 's", "'s", StringComparison.Ordinal)
        .Replace(" 've", "'ve", StringComparison.Ordinal)
        .Replace(" 're", "'re", StringComparison.Ordinal);
}
