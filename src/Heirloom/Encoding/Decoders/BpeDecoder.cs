using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Makes the suffix that ends a word a space, and nothing at the end of the text (Sennrich, Haddow and Birch 2016).</summary>
[Stage("BPEDecoder")]
public sealed record BpeDecoder : IDecoder
{
    public string Suffix { get; init; } = "</w>";

    public IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts) => Suffix.Length == 0
        ? parts
        : [.. parts.Select((part, i) => part.Replace(Suffix, i == parts.Count - 1 ? "" : " ", StringComparison.Ordinal))];
}
