using System.Text.Json.Serialization;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>Puts a text before every text that is not empty.</summary>
[Stage("Prepend")]
public sealed record Prepend : INormalizer
{
    [JsonPropertyName("prepend")]
    public required string Text { get; init; }

    public void Normalize(AlignedText text) => text.Prepend(Text);

    public string Normalize(string text) => text.Length == 0 ? text : Text + text;
}
