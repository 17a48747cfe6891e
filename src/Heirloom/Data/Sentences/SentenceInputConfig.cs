using Heirloom.Data.Tokens;

namespace Heirloom.Data.Sentences;

/// <summary>How sentences are laid into the rows that an encoder is pretrained on; the four of Liu et al. 2019 (RoBERTa), §4.2.</summary>
public abstract record SentenceInputConfig : Kinded
{
    /// <summary>All rows of a corpus, once, in the corpus's order.</summary>
    /// <param name="corpus">Documents of sentences.</param>
    /// <param name="contextLength">Tokens of a row, its marks included; what does not fill it is padded.</param>
    /// <param name="seed">Of lengths, pairs and cuts.</param>
    /// <exception cref="UserError">The context is too short, or there is no other document to draw from.</exception>
    public abstract IEnumerable<TokenRow> Rows(SentenceCorpus corpus, int contextLength, Seed seed);

    /// <summary><c>start first separator</c>, and <c>second separator</c> where there is a second.</summary>
    private protected static TokenRow Row(SentenceCorpus corpus, int contextLength, IReadOnlyList<int> first, IReadOnlyList<int>? second = null, long? relation = null)
    {
        var (ids, targets) = (new long[contextLength], new long[contextLength]);
        Array.Fill(targets, TokenBatch.Ignore);
        Array.Fill(ids, corpus.Padding);
        var at = 0;
        ids[at++] = corpus.Start;
        Append(first);
        var types = second is null ? null : new long[contextLength];
        if (second is not null)
        {
            var from = at;
            Append(second);
            types.AsSpan(from, at - from).Fill(1);
        }

        return new(ids, targets, null, at) { TokenTypes = types, Relation = relation };

        void Append(IReadOnlyList<int> text)
        {
            foreach (var id in text)
            {
                ids[at++] = id;
            }

            ids[at++] = corpus.Separator;
        }
    }

    private protected static void CheckContext(int contextLength, int least)
    {
        if (contextLength < least)
        {
            throw new UserError($"a context of {contextLength} tokens is too short for these inputs", "context_length", $"at least {least}");
        }
    }
}
