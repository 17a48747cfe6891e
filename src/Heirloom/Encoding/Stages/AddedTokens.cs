using System.Buffers;
using System.Text;
using Heirloom.Encoding.Characters;

namespace Heirloom.Encoding.Stages;

/// <summary>Finds added tokens in text: the leftmost, and of those the longest.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<char, (string Content, AddedToken Token)[]> _byFirst; // longest first
    private readonly SearchValues<string>? _any;

    /// <param name="tokens">Each with the text to look for, which a normalizer may have changed.</param>
    public AddedTokens(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        var all = tokens.Where(t => t.Content.Length > 0).DistinctBy(t => t.Content).ToList();
        _byFirst = all.GroupBy(t => t.Content[0]).ToDictionary(g => g.Key, g => g.OrderByDescending(t => t.Content.Length).ToArray());
        _any = all.Count == 0 ? null : SearchValues.Create([.. all.Select(t => t.Content)], StringComparison.Ordinal);
    }

    /// <summary>The next token.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="place">Where the search stands; moved on.</param>
    /// <param name="special">Whether special tokens count.</param>
    /// <returns>Its id, start and end with the white space that it takes with it, or null when there is none.</returns>
    public (int Id, int Start, int End)? Next(ReadOnlySpan<char> text, ref Place place, bool special)
    {
        while (_any is not null && text[place.Search..].IndexOfAny(_any) is var offset and >= 0)
        {
            var start = place.Search + offset;
            var (content, token) = LongestAt(text[start..]);
            var end = start + content.Length;
            place.Search = end;
            if ((token.Special && !special) || (token.SingleWord && TouchesWord(text, start, end)))
            {
                continue;
            }

            if (token.Lstrip)
            {
                start = Math.Max(place.Taken, text[..start].TrimEnd().Length);
            }

            if (token.Rstrip)
            {
                end = text.Length - text[end..].TrimStart().Length;
            }

            place.Taken = end;
            return (token.Id, start, end);
        }

        return null;
    }

    private (string Content, AddedToken Token) LongestAt(ReadOnlySpan<char> text)
    {
        foreach (var candidate in _byFirst[text[0]])
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
        var before = start == 0 ? 0 : Rune.DecodeLastFromUtf16(text[..start], out _, out var width) == OperationStatus.Done ? width : 1;
        return (before > 0 && CharacterClasses.IsWord(text, start - before, out _)) || (end < text.Length && CharacterClasses.IsWord(text, end, out _));
    }

    /// <summary>Where a search stands.</summary>
    public struct Place
    {
        /// <summary>Where the next token may begin: behind the last as it is written.</summary>
        public int Search;

        /// <summary>Where the text begins that no token has taken: behind the last and its white space.</summary>
        public int Taken;
    }
}
