using System.Text;
using System.Text.Json.Serialization;
using Heirloom.Encoding.Patterns;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>Puts a text in the place of every match; as a decoder, within every token.</summary>
[Stage("Replace")]
public sealed record Replace : INormalizer, IDecoder
{
    public required StagePattern Pattern { get; init; }

    /// <summary>Taken as it is: it refers to nothing of the match.</summary>
    public required string Content { get; init; }

    /// <summary>A match of nothing at the very start puts characters there that stand for no place.</summary>
    [JsonIgnore]
    bool INormalizer.NeedsPlaces => Compiled.MatchesEmpty;

    [JsonIgnore]
    private TextPattern Compiled => Pattern.Compile("Replace.pattern");

    public void Check(TokenizerDefinition definition) => _ = Compiled;

    public void Normalize(AlignedText text) => text.Replace(Compiled.All(text.Text), Content);

    string INormalizer.Normalize(string text) => Rewrite(text);

    IReadOnlyList<string> IDecoder.DecodeParts(IReadOnlyList<string> parts) => [.. parts.Select(Rewrite)];

    private string Rewrite(string text)
    {
        var matches = Compiled.Matches(text);
        StringBuilder? result = null;
        var at = 0;
        while (matches.MoveNext())
        {
            var (start, end) = matches.Current;
            (result ??= new(text.Length + 16)).Append(text, at, start - at).Append(Content);
            at = end;
        }

        return result is null ? text : result.Append(text, at, text.Length - at).ToString();
    }
}
