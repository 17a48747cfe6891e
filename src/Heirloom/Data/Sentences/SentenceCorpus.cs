namespace Heirloom.Data.Sentences;

/// <summary>Documents as sentences of ids, in memory, with the ids that mark them: what inputs of sentence pairs and whole sentences are made of.</summary>
/// <param name="Documents">Each a list of sentences, none of them empty.</param>
/// <param name="Start">Stands first in every row (<c>[CLS]</c>, <c>&lt;s&gt;</c>).</param>
/// <param name="Separator">Ends a text (<c>[SEP]</c>, <c>&lt;/s&gt;</c>).</param>
/// <param name="Padding">Fills short rows.</param>
public sealed record SentenceCorpus(IReadOnlyList<IReadOnlyList<int[]>> Documents, int Start, int Separator, int Padding)
{
    /// <summary>Tokens of all sentences.</summary>
    public long Tokens => Documents.Sum(d => d.Sum(s => (long)s.Length));

    /// <summary>The first documents, as many as hold a share of all (at least one): less data of the same kind.</summary>
    /// <param name="share">Of the documents, above 0 and at most 1.</param>
    public SentenceCorpus Part(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        return this with { Documents = [.. Documents.Take(Math.Max(1, (int)Math.Round(share * Documents.Count)))] };
    }
}
