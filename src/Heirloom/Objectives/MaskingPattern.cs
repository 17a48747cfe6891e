using System.ComponentModel.DataAnnotations;

namespace Heirloom.Objectives;

/// <summary>Which of a row's tokens are masked.</summary>
public abstract record MaskingPattern : Kinded
{
    /// <summary>Whether <see cref="Choose"/> is given whole words (otherwise single tokens).</summary>
    public abstract bool ByWord { get; }

    /// <param name="words">Words that may be masked, as ranges of positions in order; neighbors touch unless something that is never masked lies between.</param>
    /// <param name="budget">Most positions to mask.</param>
    /// <param name="rng">The only source of chance.</param>
    /// <returns>Disjoint ranges; all positions of one share the same fate (mask, random token, left alone).</returns>
    public abstract IEnumerable<Range> Choose(IReadOnlyList<Range> words, int budget, Rng rng);
}

/// <summary>Single tokens (Devlin et al. 2019, §3.1).</summary>
[Kind("token")]
public sealed record TokenMasking : MaskingPattern
{
    public override bool ByWord => false;

    public override IEnumerable<Range> Choose(IReadOnlyList<Range> words, int budget, Rng rng)
    {
        Range[] order = [.. words];
        rng.Shuffle<Range>(order);
        return order.Take(budget);
    }
}

/// <summary>All tokens of a word or none (whole-word masking, Devlin et al.'s release of May 2019); each token's fate is its own.</summary>
[Kind("whole_word")]
public sealed record WholeWordMasking : MaskingPattern
{
    public override bool ByWord => true;

    public override IEnumerable<Range> Choose(IReadOnlyList<Range> words, int budget, Rng rng)
    {
        Range[] order = [.. words];
        rng.Shuffle<Range>(order);
        foreach (var word in order)
        {
            var (start, length) = word.GetOffsetAndLength(int.MaxValue);
            if (length > budget)
            {
                continue;
            }

            budget -= length;
            for (var i = start; i < start + length; i++)
            {
                yield return i..(i + 1);
            }
        }
    }
}

/// <summary>Runs of whole words whose number is geometric, clipped (SpanBERT; Joshi et al. 2020, §3.1); a span shares one fate.</summary>
[Kind("span")]
public sealed record SpanMasking : MaskingPattern
{
    /// <summary>p of the geometric distribution of lengths.</summary>
    [Range(0.001, 1.0)]
    public double Stop { get; init; } = 0.2;

    /// <summary>ℓ_max: longer spans have no probability.</summary>
    [Range(1, 1_000_000)]
    public int MaxLength { get; init; } = 10;

    public override bool ByWord => true;

    public override IEnumerable<Range> Choose(IReadOnlyList<Range> words, int budget, Rng rng)
    {
        double[] lengths = [.. Enumerable.Range(0, MaxLength).Select(k => Stop * Math.Pow(1 - Stop, k))];
        var taken = new bool[words.Count];

        // anchors are drawn until the budget is spent; the bound ends rows whose remaining words are all longer than what is left of it
        for (var attempts = 16 * words.Count; budget > 0 && attempts > 0; attempts--)
        {
            var first = rng.Next(words.Count);
            var after = first;
            for (var length = 1 + rng.Choose(lengths); length > 0 && after < words.Count && !taken[after]; length--, after++)
            {
                var size = words[after].End.Value - words[after].Start.Value;
                if (size > budget || (after > first && !words[after].Start.Equals(words[after - 1].End)))
                {
                    break;
                }

                budget -= size;
                taken[after] = true;
            }

            if (after > first)
            {
                yield return words[first].Start..words[after - 1].End;
            }
        }
    }
}
