using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Puts spaces between words and none before a continuation; can tidy the spaces that English punctuation gains on the way.</summary>
[Stage("WordPiece")]
public sealed record WordPieceDecoder : IDecoder
{
    public string Prefix { get; init; } = "##";

    /// <summary>Whether to take back the spaces before marks and contractions, within a token and its space.</summary>
    public bool Cleanup { get; init; } = true;

    public IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts) => [.. parts.Select((token, i) =>
    {
        var part = i == 0 ? token
            : token.StartsWith(Prefix, StringComparison.Ordinal) ? token[Prefix.Length..]
            : " " + token;
        return Cleanup ? Tidy(part) : part;
    })];

    internal static string Tidy(string part) => part
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
