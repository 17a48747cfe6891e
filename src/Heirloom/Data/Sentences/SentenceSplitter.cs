using System.Buffers;
using System.Globalization;

namespace Heirloom.Data.Sentences;

/// <summary>
/// Divides a text into sentences by its punctuation: at blank lines; after a full stop, exclamation or question mark (with the closing quotes and brackets
/// that follow it) before a space and something that does not go on in lower case; and after the full-width marks of Chinese and Japanese. A full stop after an
/// initial or a common English abbreviation ends nothing.
/// </summary>
public static class SentenceSplitter
{
    private const string Terminators = ".!?…";
    private const string FullWidth = "。！？";
    private const string Closers = "\"')]}”’»」』";

    private static readonly SearchValues<char> s_ends = SearchValues.Create(Terminators + FullWidth + "\n");

    private static readonly HashSet<string> s_abbreviations = new(
        "mr mrs ms dr prof rev gen col capt lt sgt hon sen rep gov pres st mt ft jr sr vs etc e.g i.e cf al no nos vol vols fig figs eq eqs pp ed eds inc ltd co corp dept approx jan feb mar apr jun jul aug sept sep oct nov dec"
            .Split(' '), StringComparer.OrdinalIgnoreCase);

    /// <summary>The sentences in order, without the white space around them; none is empty, and nothing but white space is lost.</summary>
    public static IEnumerable<string> Split(string text)
    {
        var start = 0;
        for (var at = Next(text, 0); at < text.Length; at = Next(text, at + 1))
        {
            if (EndAt(text, start, at) is { } end)
            {
                if (Trimmed(text, start, end) is { Length: > 0 } sentence)
                {
                    yield return sentence;
                }

                (start, at) = (end, end - 1);
            }
        }

        if (Trimmed(text, start, text.Length) is { Length: > 0 } last)
        {
            yield return last;
        }
    }

    private static int Next(string text, int from) => text.AsSpan(from).IndexOfAny(s_ends) is var found && found < 0 ? text.Length : from + found;

    /// <summary>Where the sentence that began at <paramref name="start"/> ends if it ends with the character at <paramref name="at"/>.</summary>
    private static int? EndAt(string text, int start, int at)
    {
        if (text[at] == '\n')
        {
            var blank = at + 1;
            while (blank < text.Length && text[blank] != '\n' && char.IsWhiteSpace(text[blank]))
            {
                blank++;
            }

            return blank < text.Length && text[blank] == '\n' ? blank + 1 : null;
        }

        var end = at + 1;
        while (end < text.Length && (Terminators.Contains(text[end]) || FullWidth.Contains(text[end]) || Closers.Contains(text[end])))
        {
            end++;
        }

        if (FullWidth.Contains(text[at]))
        {
            return end;
        }

        var next = end;
        while (next < text.Length && char.IsWhiteSpace(text[next]))
        {
            next++;
        }

        var goesOn = next == end || (next < text.Length && char.GetUnicodeCategory(text, next) == UnicodeCategory.LowercaseLetter);
        return goesOn || (text[at] == '.' && end == at + 1 && Abbreviates(text, start, at)) ? null : end;
    }

    private static bool Abbreviates(string text, int start, int stop)
    {
        var from = stop;
        while (from > start && !char.IsWhiteSpace(text[from - 1]) && !"([\"'“‘".Contains(text[from - 1]))
        {
            from--;
        }

        var word = text[from..stop];
        return s_abbreviations.Contains(word)
            || (word.Length == 1 && char.IsUpper(word[0]))
            || (word.Length == 3 && char.IsUpper(word[0]) && word[1] == '.' && char.IsUpper(word[2])); // U.S.
    }

    private static string Trimmed(string text, int start, int end) => text.AsSpan(start, end - start).Trim().ToString();
}
