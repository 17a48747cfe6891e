using System.ComponentModel.DataAnnotations;
using Heirloom.Data.Tokens;

namespace Heirloom.Data.Sentences;

/// <summary>ALBERT's inputs: two segments of one document that follow each other, as they stand or swapped (sentence order; Lan et al. 2020, §3.1). A document's last sentence that is left alone makes no row.</summary>
[Kind("sentence_order")]
public sealed record SentenceOrderConfig : SentenceInputConfig
{
    /// <summary>The relation of segments as they stand.</summary>
    public const long InOrder = 0;

    /// <summary>The relation of segments of which the second stood first.</summary>
    public const long Swapped = 1;

    /// <summary>Share of pairs that are swapped.</summary>
    [Range(0.0, 1.0)]
    public double SwappedShare { get; init; } = 0.5;

    public override IEnumerable<TokenRow> Rows(SentenceCorpus corpus, int contextLength, Seed seed)
    {
        CheckContext(contextLength, 5);
        var capacity = contextLength - 3;
        for (var document = 0; document < corpus.Documents.Count; document++)
        {
            var (sentences, rng) = (corpus.Documents[document], seed.For("document", document).Random());
            for (var at = 0; at + 1 < sentences.Count;)
            {
                var (count, length) = (0, 0);
                while (at + count < sentences.Count && (count < 2 || length < capacity))
                {
                    length += sentences[at + count++].Length;
                }

                var split = 1 + rng.Next(count - 1);
                List<int> first = [.. sentences.Skip(at).Take(split).SelectMany(s => s)], second = [.. sentences.Skip(at + split).Take(count - split).SelectMany(s => s)];
                SentencePairConfig.Shorten(first, second, capacity, rng);
                var swapped = rng.NextDouble() < SwappedShare;
                yield return swapped ? Row(corpus, contextLength, second, first, Swapped) : Row(corpus, contextLength, first, second, InOrder);
                at += count;
            }
        }
    }
}
