namespace Heirloom.Evaluation.Statistics;

/// <summary>
/// True nulls from real models: the scores of one recipe run from many seeds, split at random into two arms that differ by nothing. Their seed and
/// example effects are whatever training gives, not what a simulation assumes.
/// </summary>
public static class NullSplits
{
    /// <summary>A random split into two halves of equal size, with an effect injected into the first.</summary>
    /// <param name="scores">One recipe's scores, seeds × examples; at least four seeds.</param>
    /// <param name="random">Draws the split.</param>
    /// <param name="effect">Added to every score of the method; zero for a null.</param>
    public static (ScoreMatrix Method, ScoreMatrix Baseline) Draw(ScoreMatrix scores, Rng random, double effect = 0)
    {
        var half = scores.Seeds / 2;
        ArgumentOutOfRangeException.ThrowIfLessThan(half, 2, nameof(scores));
        var order = Enumerable.Range(0, scores.Seeds).ToArray();
        random.Shuffle(order.AsSpan());
        return (Rows(scores, order[..half], effect), Rows(scores, order[half..(2 * half)], 0));
    }

    private static ScoreMatrix Rows(ScoreMatrix scores, int[] seeds, double shift) =>
        new([.. seeds.Select(s => Enumerable.Range(0, scores.Examples).Select(x => scores[s, x] + shift).ToArray())]);
}
