namespace Heirloom.Objectives;

/// <summary>Disjoint spans of a text, in order.</summary>
public static class BlankSpans
{
    /// <summary>Spans of Poisson lengths (at least 1), drawn until they hold the rate of the text's tokens; the last is cut to the budget, or holds the rest where no more find room. Spans do not touch, so that each is a blank of its own.</summary>
    public static IReadOnlyList<Range> Short(int length, double rate, double mean, Rng rng)
    {
        var budget = Math.Max(1, (int)Math.Round(length * rate));
        // spans stand between kept tokens: which of the gaps between those is drawn without replacement
        var gaps = Enumerable.Range(0, length - budget + 1).ToArray();
        var lengths = new List<int>();
        while (budget > 0)
        {
            lengths.Add(lengths.Count == gaps.Length - 1 ? budget : Math.Min(budget, Math.Max(1, Poisson(mean, rng))));
            budget -= lengths[^1];
        }

        rng.Shuffle<int>(gaps);
        var chosen = gaps.Take(lengths.Count).Order().ToArray();
        var spans = new List<Range>(chosen.Length);
        for (int i = 0, shift = 0; i < chosen.Length; shift += lengths[i++])
        {
            spans.Add((chosen[i] + shift)..(chosen[i] + shift + lengths[i]));
        }

        return spans;
    }

    /// <summary>One span of 50 to 100% of the text, anywhere.</summary>
    public static IReadOnlyList<Range> Long(int length, Rng rng)
    {
        var tokens = Math.Max(1, (length + 1) / 2 + rng.Next((length / 2) + 1));
        var start = rng.Next(length - tokens + 1);
        return [start..(start + tokens)];
    }

    /// <summary>Whole sentences in random order until they hold the rate of the text's tokens; neighbors are blanks of their own.</summary>
    public static IReadOnlyList<Range> Sentences(long[] text, BlankInfillingConfig config, Rng rng)
    {
        var sentences = new List<Range>();
        for (int i = 0, start = 0; i < text.Length; i++)
        {
            if (i == text.Length - 1 || config.SentenceEnds.Contains((int)text[i]))
            {
                sentences.Add(start..(i + 1));
                start = i + 1;
            }
        }

        Range[] order = [.. sentences];
        rng.Shuffle<Range>(order);
        var budget = text.Length * config.Rate;
        var chosen = new List<Range>();
        foreach (var sentence in order.TakeWhile(_ => budget > 0))
        {
            chosen.Add(sentence);
            budget -= sentence.End.Value - sentence.Start.Value;
        }

        return [.. chosen.OrderBy(s => s.Start.Value)];
    }

    /// <summary>By products of uniform numbers (Knuth 1969); means here are small.</summary>
    private static int Poisson(double mean, Rng rng)
    {
        var (bound, product, count) = (Math.Exp(-mean), rng.NextDouble(), 0);
        while (product > bound)
        {
            product *= rng.NextDouble();
            count++;
        }

        return count;
    }
}
