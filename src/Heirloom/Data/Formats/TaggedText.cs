using System.Text;

namespace Heirloom.Data.Formats;

/// <summary>Text in the notation <c>word/tag word/tag</c>, a sentence a line, with empty lines between paragraphs.</summary>
/// <param name="Paragraphs">Paragraphs of sentences of words.</param>
public sealed record TaggedText(IReadOnlyList<IReadOnlyList<IReadOnlyList<TaggedWord>>> Paragraphs)
{
    /// <summary>Parses it.</summary>
    /// <param name="text">The notation.</param>
    /// <param name="where">Named in errors.</param>
    /// <exception cref="UserError">A word has no tag.</exception>
    public static TaggedText Parse(string text, string where)
    {
        var paragraphs = new List<IReadOnlyList<IReadOnlyList<TaggedWord>>>();
        var sentences = new List<IReadOnlyList<TaggedWord>>();
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace())
            {
                EndParagraph();
                continue;
            }

            var words = new List<TaggedWord>();
            foreach (var range in line.SplitAny(' ', '\t'))
            {
                var item = line[range];
                if (item.IsEmpty)
                {
                    continue;
                }

                // the last slash: a word may hold one itself (1/2/cd)
                var slash = item.LastIndexOf('/');
                if (slash <= 0 || slash == item.Length - 1)
                {
                    throw new UserError($"'{item}' is not a word with its tag", $"{where}:{number}", "it should read word/tag");
                }

                words.Add(new(item[..slash].ToString(), item[(slash + 1)..].ToString()));
            }

            sentences.Add(words);
        }

        EndParagraph();
        return new(paragraphs);

        void EndParagraph()
        {
            if (sentences.Count > 0)
            {
                paragraphs.Add(sentences);
                sentences = [];
            }
        }
    }

    /// <summary>All sentences.</summary>
    public IEnumerable<IReadOnlyList<TaggedWord>> Sentences => Paragraphs.SelectMany(p => p);

    /// <summary>The running text as it would be printed: marks beside their words, sentences after each other, an empty line between paragraphs.</summary>
    public string Plain() => string.Join("\n\n", Paragraphs.Select(Plain));

    private static string Plain(IReadOnlyList<IReadOnlyList<TaggedWord>> paragraph)
    {
        var words = new List<string>();
        string? before = null;
        foreach (var word in paragraph.SelectMany(s => s).Select(w => w.Word))
        {
            // The notation writes the mark that ends an exclamation, question or semicolon clause twice.
            if (word is "!" or "?" or ";" && word == before)
            {
                before = null;
                continue;
            }

            before = word;

            // It also moves every mark behind a closing quotation mark, where American print sets these before it.
            if (word is "," or "." or "!" or "?" && words.Count > 0 && words[^1] == "''")
            {
                words.Insert(words.Count - 1, word);
                continue;
            }

            words.Add(word);
        }

        var text = new StringBuilder();
        var glue = true; // the next word stands beside what is there
        var insideSingle = false;
        foreach (var word in words)
        {
            var opens = word is "``" or "(" or "[" || (word == "'" && !insideSingle);
            var closes = word is "''" or ")" or "]" or "," or "." or ";" or ":" or "!" or "?" || (word == "'" && insideSingle);
            if (word == "'")
            {
                insideSingle = !insideSingle;
            }

            if (!glue && !closes)
            {
                text.Append(' ');
            }

            text.Append(word is "``" or "''" ? "\"" : word);
            glue = opens;
        }

        return text.ToString();
    }
}

/// <summary>A word with its part of speech.</summary>
public readonly record struct TaggedWord(string Word, string Tag);
