using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Refining;

/// <summary>
/// Cuts out of every document the stretches of words, at least so many long, that stood in the source before, and keeps the first of each: exact-substring
/// deduplication (Lee et al. 2022; in RefinedWeb with 50 tokens, Penedo et al. 2023, §3.3). A stretch repeats exactly where each window of that many words
/// does, so hashes of windows find what a suffix array would; holds about 20 bytes a word.
/// </summary>
[Kind("dedup_spans")]
public sealed record RepeatedSpansSourceConfig : SourceConfig, IExample<RepeatedSpansSourceConfig>
{
    // odd, so that multiplying by it loses nothing
    private const ulong Base = 0x9E3779B97F4A7C15ul;

    public static RepeatedSpansSourceConfig Example => new() { Source = Sources.TextSourceConfig.Example };

    public required SourceConfig Source { get; init; }

    /// <summary>Fewest words of a stretch.</summary>
    [Range(2, 100_000)]
    public int Words { get; init; } = 50;

    /// <summary>What is left of a document must have so many characters.</summary>
    [Range(0, int.MaxValue)]
    public int MinCharacters { get; init; } = 20;

    public override IDocumentSource Open(WorkContext work)
    {
        var source = Source.Open(work);
        return new Sources.DocumentStream(
            $"{source.Name} (without repeated spans)", () => Hashes.OfText($"dedup_spans {Words} {MinCharacters} {source.Fingerprint}"), () => Read(source));
    }

    private IEnumerable<Document> Read(IDocumentSource source)
    {
        var seen = new HashSet<ulong>();
        foreach (var document in source.Read())
        {
            var text = Cut(document.Text, seen);
            if (ReferenceEquals(text, document.Text) || text.Trim().Length >= MinCharacters)
            {
                yield return ReferenceEquals(text, document.Text) ? document : document with { Text = text };
            }
        }
    }

    /// <summary>Cuts one text and remembers its windows.</summary>
    internal string Cut(string text, HashSet<ulong> seen)
    {
        var words = WordsOf(text);
        var repeated = new bool[words.Count];
        var leading = 1ul;
        for (var i = 1; i < Words; i++)
        {
            leading *= Base;
        }

        var window = 0ul;
        for (var i = 0; i < words.Count; i++)
        {
            window = (window * Base) + words[i].Hash;
            if (i + 1 >= Words)
            {
                // the finalizer spreads sums that differ in few bits
                var key = (window ^ (window >> 32)) * 0xBF58476D1CE4E5B9ul;
                if (!seen.Add(key))
                {
                    Array.Fill(repeated, true, i + 1 - Words, Words);
                }

                window -= words[i + 1 - Words].Hash * leading;
            }
        }

        return Array.IndexOf(repeated, true) < 0 ? text : WithoutRepeated(text, words, repeated);
    }

    private static string WithoutRepeated(string text, List<(int Start, int End, ulong Hash)> words, bool[] repeated)
    {
        var kept = new System.Text.StringBuilder(text.Length);
        var from = 0;
        for (var i = 0; i < words.Count; i++)
        {
            if (!repeated[i])
            {
                continue;
            }

            kept.Append(text, from, words[i].Start - from);
            while (i + 1 < words.Count && repeated[i + 1])
            {
                i++;
            }

            from = words[i].End;
        }

        return kept.Append(text, from, text.Length - from).ToString();
    }

    private static List<(int Start, int End, ulong Hash)> WordsOf(string text)
    {
        var words = new List<(int, int, ulong)>();
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                continue;
            }

            var (start, hash) = (at, 14695981039346656037ul);
            for (; at < text.Length && !char.IsWhiteSpace(text[at]); at++)
            {
                hash = (hash ^ text[at]) * 1099511628211ul;
            }

            words.Add((start, at, hash));
        }

        return words;
    }
}
