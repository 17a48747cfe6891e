using Heirloom.Data.Tokens;

namespace Heirloom.Data.Sentences;

/// <summary>Rows of whole sentences that follow each other, also across the end of a document, where a separator stands between (full-sentences).</summary>
[Kind("full_sentences")]
public sealed record FullSentencesConfig : SentenceInputConfig
{
    public override IEnumerable<TokenRow> Rows(SentenceCorpus corpus, int contextLength, Seed seed)
    {
        CheckContext(contextLength, 3);
        var packed = new PackedSentences(contextLength - 2);
        foreach (var document in corpus.Documents)
        {
            foreach (var full in packed.Add(document, corpus.Separator))
            {
                yield return Row(corpus, contextLength, full);
            }
        }

        if (packed.Rest() is { } rest)
        {
            yield return Row(corpus, contextLength, rest);
        }
    }
}

/// <summary>Rows of whole sentences of one document; a document's last row may be short, so that a batch of equally many tokens has more rows (doc-sentences).</summary>
[Kind("doc_sentences")]
public sealed record DocSentencesConfig : SentenceInputConfig
{
    public override IEnumerable<TokenRow> Rows(SentenceCorpus corpus, int contextLength, Seed seed)
    {
        CheckContext(contextLength, 3);
        foreach (var document in corpus.Documents)
        {
            var packed = new PackedSentences(contextLength - 2);
            foreach (var full in packed.Add(document, corpus.Separator).Concat(new[] { packed }.Select(p => p.Rest()).OfType<List<int>>()))
            {
                yield return Row(corpus, contextLength, full);
            }
        }
    }
}

/// <summary>Gathers sentences until the next one does not fit; a sentence that is longer than a row is cut.</summary>
internal sealed class PackedSentences(int capacity)
{
    private List<int> _open = [];

    /// <summary>Adds a document, after a separator where the row holds another one's end; gives the rows that it fills.</summary>
    public IEnumerable<List<int>> Add(IReadOnlyList<int[]> document, int separator)
    {
        var begins = true;
        foreach (var piece in document.SelectMany(sentence => sentence.Chunk(capacity)))
        {
            var between = begins && _open.Count > 0 ? 1 : 0;
            begins = false;
            if (_open.Count + between + piece.Length > capacity)
            {
                yield return Rest()!;
                between = 0;
            }

            if (between == 1)
            {
                _open.Add(separator);
            }

            _open.AddRange(piece);
        }
    }

    /// <summary>What has been gathered, or null if there is nothing.</summary>
    public List<int>? Rest()
    {
        var full = _open.Count > 0 ? _open : null;
        _open = [];
        return full;
    }
}
