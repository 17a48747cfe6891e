using Heirloom.Data;
using Heirloom.Data.Sentences;

namespace Heirloom.Encoding;

/// <summary>Documents split into sentences and tokenized.</summary>
public static class TokenizedSentences
{
    /// <summary>Reads a source into memory; documents without a sentence are left out.</summary>
    /// <param name="source">Documents.</param>
    /// <param name="tokenizer">Has tokens that begin and end a text; where none begins one, the one that ends it does (as GPT-2's has it).</param>
    /// <exception cref="UserError">The tokenizer has no token that ends a text.</exception>
    public static SentenceCorpus Of(IDocumentSource source, Tokenizer tokenizer)
    {
        tokenizer = tokenizer.Unlimited();
        var end = tokenizer.IdOf(tokenizer.Roles.Separator ?? tokenizer.Roles.End)
            ?? throw new UserError("the tokenizer has no token that ends a text", "tokenizer", "set end_of_text when it is trained");
        var documents = source.Read().AsParallel().AsOrdered().Select(d => (IReadOnlyList<int[]>)
            [.. SentenceSplitter.Split(d.Text).Select(s => tokenizer.Encode(s)).Where(ids => ids.Length > 0)]);
        return new([.. documents.Where(d => d.Count > 0)], tokenizer.IdOf(tokenizer.Roles.Classifier ?? tokenizer.Roles.Beginning) ?? end, end, tokenizer.Padding ?? end);
    }
}
