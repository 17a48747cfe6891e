using System.ComponentModel.DataAnnotations;
using Heirloom.Data.Tokens;

namespace Heirloom.Data.Sentences;

/// <summary>Pairs of texts, of which the second follows the first or comes from another document.</summary>
public abstract record SentencePairConfig : SentenceInputConfig
{
    /// <summary>The relation of a pair whose second text follows the first.</summary>
    public const long Follows = 0;

    /// <summary>The relation of a pair from two documents.</summary>
    public const long Unrelated = 1;

    /// <summary>Share of pairs whose second text comes from another document.</summary>
    [Range(0.0, 1.0)]
    public double RandomShare { get; init; } = 0.5;

    /// <summary>Tokens of a row that are no marks.</summary>
    private protected static int Capacity(SentenceCorpus corpus, int contextLength)
    {
        CheckContext(contextLength, 5);
        return corpus.Documents.Count > 1
            ? contextLength - 3
            : throw new UserError("unrelated texts come from other documents, and there is only one", "sentence pairs", "give the corpus at least two documents");
    }

    private protected static IReadOnlyList<int[]> Other(SentenceCorpus corpus, int document, Rng rng)
    {
        var other = rng.Next(corpus.Documents.Count - 1);
        return corpus.Documents[other < document ? other : other + 1];
    }

    /// <summary>Takes tokens from the longer text, from its front or its back by chance, until both fit.</summary>
    internal static void Shorten(List<int> first, List<int> second, int capacity, Rng rng)
    {
        // cut at the end: each removal from a list's front would move all that is behind it
        var (one, other) = ((From: 0, first.Count), (From: 0, second.Count));
        while (one.Count + other.Count > capacity)
        {
            ref var longer = ref one.Count > other.Count ? ref one : ref other;
            longer = (longer.From + (rng.NextDouble() < 0.5 ? 1 : 0), longer.Count - 1);
        }

        Keep(first, one.From, one.Count);
        Keep(second, other.From, other.Count);
    }

    private static void Keep(List<int> text, int from, int count)
    {
        text.RemoveRange(from + count, text.Count - from - count);
        text.RemoveRange(0, from);
    }

    private protected static List<int> Joined(IEnumerable<int[]> sentences) => [.. sentences.SelectMany(s => s)];
}

/// <summary>BERT's inputs: two segments of one or more sentences each, which together fill the row (segment-pair; Devlin et al. 2019, app. A.2).</summary>
[Kind("segment_pair")]
public sealed record SegmentPairConfig : SentencePairConfig
{
    /// <summary>Share of rows that aim at a random shorter length, so that a model meets short texts in pretraining too.</summary>
    [Range(0.0, 1.0)]
    public double ShortShare { get; init; } = 0.1;

    public override IEnumerable<TokenRow> Rows(SentenceCorpus corpus, int contextLength, Seed seed)
    {
        var capacity = Capacity(corpus, contextLength);
        for (var document = 0; document < corpus.Documents.Count; document++)
        {
            foreach (var row in RowsOf(corpus, document, contextLength, capacity, seed.For("document", document).Random()))
            {
                yield return row;
            }
        }
    }

    private IEnumerable<TokenRow> RowsOf(SentenceCorpus corpus, int document, int contextLength, int capacity, Rng rng)
    {
        var sentences = corpus.Documents[document];
        for (var at = 0; at < sentences.Count;)
        {
            var aim = rng.NextDouble() < ShortShare ? 2 + rng.Next(capacity - 1) : capacity;
            var (count, length) = (0, 0);
            while (at + count < sentences.Count && length < aim)
            {
                length += sentences[at + count++].Length;
            }

            var split = count < 2 ? 1 : 1 + rng.Next(count - 1);
            var first = Joined(sentences.Skip(at).Take(split));
            var unrelated = count == 1 || rng.NextDouble() < RandomShare;
            var second = unrelated ? Drawn(corpus, document, aim - first.Count, rng) : Joined(sentences.Skip(at + split).Take(count - split));
            Shorten(first, second, capacity, rng);
            yield return Row(corpus, contextLength, first, second, unrelated ? Unrelated : Follows);

            // what another document's text took the place of is not lost
            at += unrelated ? split : count;
        }
    }

    private static List<int> Drawn(SentenceCorpus corpus, int document, int aim, Rng rng)
    {
        var other = Other(corpus, document, rng);
        var text = new List<int>();
        for (var at = rng.Next(other.Count); at < other.Count && (text.Count == 0 || text.Count < aim); at++)
        {
            text.AddRange(other[at]);
        }

        return text;
    }
}

/// <summary>Two single sentences, mostly far shorter than a row, so that a batch of equally many tokens has more rows (sentence-pair).</summary>
[Kind("sentence_pair")]
public sealed record TwoSentencesConfig : SentencePairConfig
{
    public override IEnumerable<TokenRow> Rows(SentenceCorpus corpus, int contextLength, Seed seed)
    {
        var capacity = Capacity(corpus, contextLength);
        for (var document = 0; document < corpus.Documents.Count; document++)
        {
            var (sentences, rng) = (corpus.Documents[document], seed.For("document", document).Random());
            for (var at = 0; at < sentences.Count;)
            {
                var unrelated = at + 1 == sentences.Count || rng.NextDouble() < RandomShare;
                var other = unrelated ? Other(corpus, document, rng) : null;
                List<int> first = [.. sentences[at]], second = [.. other is null ? sentences[at + 1] : other[rng.Next(other.Count)]];
                Shorten(first, second, capacity, rng);
                yield return Row(corpus, contextLength, first, second, unrelated ? Unrelated : Follows);
                at += unrelated ? 1 : 2;
            }
        }
    }
}
