namespace Heirloom.Reuse.Merging;

/// <summary>Which of several fine-tuned models to average, by how the average does on held-out data.</summary>
/// <remarks>Wortsman et al. 2022, "Model soups", algorithm 1.</remarks>
public static class GreedySoup
{
    /// <summary>The models in the soup, the best first, and its score.</summary>
    /// <param name="models">Names; a soup never names one twice.</param>
    /// <param name="score">Scores the average of some of them on held-out data; higher is better.</param>
    /// <exception cref="ArgumentException">There is no model.</exception>
    public static (IReadOnlyList<T> Chosen, double Score) Choose<T>(IReadOnlyList<T> models, Func<IReadOnlyList<T>, double> score)
    {
        if (models.Count == 0)
        {
            throw new ArgumentException("a soup needs a model", nameof(models));
        }

        var alone = models.Select(m => (Model: m, Score: score([m]))).OrderByDescending(m => m.Score).ToList();
        var (chosen, best) = (new List<T> { alone[0].Model }, alone[0].Score);
        foreach (var (model, _) in alone.Skip(1))
        {
            var with = score([.. chosen, model]);
            if (with >= best)
            {
                chosen.Add(model);
                best = with;
            }
        }

        return (chosen, best);
    }
}
