using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Normalizers;

/// <summary>
/// The rules that a SentencePiece model carries (Kudo and Richardson 2018), applied as the ecosystem applies them: a short grapheme is
/// replaced as a whole where a rule fits its beginning, and the characters of others one by one.
/// </summary>
[Stage("Precompiled")]
public sealed record Precompiled : INormalizer
{
    /// <summary>From here on, in UTF-8 bytes, a grapheme is taken apart.</summary>
    private const int LongGrapheme = 6;

    private CharacterMap? _map;

    /// <summary>The rules as SentencePiece writes them: a double array and the replacements, which it points into.</summary>
    public required byte[] PrecompiledCharsmap { get; init; }

    [JsonIgnore]
    private CharacterMap Map => _map ??= CharacterMap.Parse(PrecompiledCharsmap);

    public bool Equals(Precompiled? other) => other is not null && PrecompiledCharsmap.AsSpan().SequenceEqual(other.PrecompiledCharsmap);

    public override int GetHashCode() => PrecompiledCharsmap.Length;

    public void Check(TokenizerDefinition definition) => _ = Map;

    public void Normalize(AlignedText text)
    {
        if (Ascii.IsValid(text.Text) && !Map.ChangesAscii)
        {
            return;
        }

        var edits = new List<(Rune Rune, int Change)>(text.Text.Length);
        var changed = false;
        Span<char> units = stackalloc char[2];
        for (var at = 0; at < text.Text.Length;)
        {
            var grapheme = text.Text.AsSpan(at, StringInfo.GetNextTextElementLength(text.Text.AsSpan(at)));
            at += grapheme.Length;
            if (grapheme.Length < LongGrapheme && TextEncoding.UTF8.GetByteCount(grapheme) < LongGrapheme && Map.Find(grapheme) is { } whole)
            {
                Replace(grapheme, whole);
                continue;
            }

            foreach (var rune in grapheme.EnumerateRunes())
            {
                ReadOnlySpan<char> part = units[..rune.EncodeToUtf16(units)];
                if (Map.Find(part) is { } replacement)
                {
                    Replace(part, replacement);
                }
                else
                {
                    edits.Add((rune, 0));
                }
            }
        }

        if (changed)
        {
            var edit = text.Rewrite();
            edits.ForEach(e => edit.Add(e.Rune, e.Change));
            edit.Apply();
        }

        void Replace(ReadOnlySpan<char> old, string replacement)
        {
            changed = true;
            var surplus = -Count(old);
            foreach (var rune in replacement.EnumerateRunes())
            {
                edits.Add((rune, 0));
                surplus++;
            }

            for (var i = 0; i < surplus; i++)
            {
                edits[^(i + 1)] = (edits[^(i + 1)].Rune, 1);
            }

            if (surplus < 0 && edits.Count > 0)
            {
                edits[^1] = (edits[^1].Rune, edits[^1].Change + surplus);
            }
        }

        static int Count(ReadOnlySpan<char> text)
        {
            var count = 0;
            foreach (var _ in text.EnumerateRunes())
            {
                count++;
            }

            return count;
        }
    }
}
