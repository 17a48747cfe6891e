using System.Buffers;
using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Stages;

/// <summary>Finds added tokens in text: the leftmost, and of those the longest.</summary>
internal sealed class AddedTokens
{
    private readonly (string Content, AddedToken Token)[] _tokens; // longest first
    private readonly SearchValues<string>? _any;

    /// <param name="tokens">Each with the text to look for, which a normalizer may have changed.</param>
    public AddedTokens(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        _tokens = [.. tokens.Where(t => t.Content.Length > 0).OrderByDescending(t => t.Content.Length)];
        _any = _tokens.Length == 0 ? null : SearchValues.Create([.. _tokens.Select(t => t.Content)], StringComparison.Ordinal);
    }

    public bool IsEmpty => _any is null;

    /// <summary>The next token at or after <paramref name="from"/>, with the white space that it takes with it.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where to look from, the end of the token before.</param>
    /// <param name="special">Whether special tokens count.</param>
    /// <returns>Its id, start and end, or null when there is none.</returns>
    public (int Id, int Start, int End)? Next(ReadOnlySpan<char> text, int from, bool special)
    {
        var at = from;
        while (_any is not null && text[at..].IndexOfAny(_any) is var offset and >= 0)
        {
            at += offset;
            var (content, token) = LongestAt(text[at..]);
            var (start, end) = (at, at + content.Length);
            at = end;
            if ((token.Special && !special) || (token.SingleWord && TouchesWord(text, start, end)))
            {
                continue;
            }

            while (token.Lstrip && start > from && char.IsWhiteSpace(text[start - 1]))
            {
                start--;
            }

            while (token.Rstrip && end < text.Length && char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            return (token.Id, start, end);
        }

        return null;
    }

    private (string Content, AddedToken Token) LongestAt(ReadOnlySpan<char> text)
    {
        foreach (var candidate in _tokens)
        {
            if (text.StartsWith(candidate.Content, StringComparison.Ordinal))
            {
                return candidate;
            }
        }

        throw new InvalidOperationException("a match without a token");
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, int start, int end)
    {
        return (Rune.DecodeLastFromUtf16(text[..start], out var before, out _) == OperationStatus.Done && IsWord(before))
            || (Rune.DecodeFromUtf16(text[end..], out var after, out _) == OperationStatus.Done && IsWord(after));

        static bool IsWord(Rune rune) => Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber
            or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
    }
}
