using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PostProcessors;

/// <summary>What several post-processors do with a text.</summary>
internal static class Framing
{
    private const char ByteLevelSpace = 'Ġ';

    /// <summary>Puts special tokens at the ends of a text and of everything that overflowed from it.</summary>
    public static TokenizedText Around(TokenizedText text, TokenAndId? before, TokenAndId after, int type)
    {
        var (left, right) = (before is { } b ? Token(b, type) : new(), Token(after, type));
        return TokenizedText.Join([left, text, right]);
    }

    /// <summary>Takes the white space of byte-level tokens out of their offsets.</summary>
    /// <param name="text">The text.</param>
    /// <param name="prefixed">Whether a space was put before the text: the first token keeps its one space, which is none of the original.</param>
    public static TokenizedText Trim(TokenizedText text, bool prefixed)
    {
        var trimmed = text.WithOverflow(o => Trim(o, prefixed));
        for (var i = 0; i < trimmed.Count; i++)
        {
            var (start, end) = trimmed.Offsets[i];
            var (leading, trailing) = Spaces(trimmed.Tokens[i]);
            if (leading > 0)
            {
                var own = (i == 0 || start == 0) && prefixed && leading == 1;
                start = Math.Min(start + (own ? 0 : leading), end);
            }

            if (trailing > 0 && end >= trailing)
            {
                end = Math.Max(end - trailing, start);
            }

            trimmed.Offsets[i] = (start, end);
        }

        return trimmed;
    }

    private static (int Leading, int Trailing) Spaces(string token)
    {
        var (leading, trailing) = (0, 0);
        while (leading < token.Length && IsSpace(token[leading]))
        {
            leading++;
        }

        while (trailing < token.Length && IsSpace(token[^(trailing + 1)]))
        {
            trailing++;
        }

        return (leading, trailing);

        static bool IsSpace(char c) => c == ByteLevelSpace || char.IsWhiteSpace(c);
    }

    private static TokenizedText Token(TokenAndId token, int type) => TokenizedText.Added([(token.Id, token.Token)], type);
}
