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

    /// <summary>A share of the documents (at least one), always the same ones, drawn from all of them: less data of the same kind, whatever order the source has.</summary>
    /// <param name="share">Of the documents, above 0 and at most 1.</param>
    public SentenceCorpus Part(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        IReadOnlyList<int[]>[] drawn = [.. Documents];
        new Seed(0).For("part").Random().Shuffle<IReadOnlyList<int[]>>(drawn);
        return this with { Documents = [.. drawn.Take(Math.Max(1, (int)Math.Round(share * Documents.Count)))] };
    }
}
