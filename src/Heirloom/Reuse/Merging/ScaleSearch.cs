using Heirloom.Models;

namespace Heirloom.Reuse.Merging;

/// <summary>How much of a task vector to apply, chosen on held-out data.</summary>
/// <remarks>Ilharco et al. 2023, section 2 and appendix: λ ∈ {0, 0.05, …, 1}, one for all tensors.</remarks>
public static class ScaleSearch
{
    /// <summary>0, 0.05, …, 1.</summary>
    public static IReadOnlyList<double> PublishedGrid { get; } = [.. Enumerable.Range(0, 21).Select(i => i * 0.05)];

    /// <summary>The scale with the best score, the smallest on ties.</summary>
    /// <param name="start">The pretrained model.</param>
    /// <param name="vector">What to add.</param>
    /// <param name="scales">Candidates.</param>
    /// <param name="score">Scores a model on validation data; higher is better.</param>
    public static double Best<TModel>(TModel start, TaskVector vector, IEnumerable<double> scales, Func<TModel, double> score)
        where TModel : class, IModel
    {
        var best = (Scale: 0.0, Score: double.NegativeInfinity);
        foreach (var scale in scales.Order())
        {
            var value = Try(start, vector, scale, score);
            best = value > best.Score ? (scale, value) : best;
        }

        return best.Scale;
    }

    /// <summary>The scale that takes most away from the target while the control keeps what <paramref name="allowed"/> demands (forgetting by negation).</summary>
    /// <param name="start">The pretrained model.</param>
    /// <param name="vector">The negated task vector.</param>
    /// <param name="scales">Candidates.</param>
    /// <param name="target">Score on the task to forget; lower is better here.</param>
    /// <param name="allowed">Whether the control task is still good enough.</param>
    /// <returns>Zero when no candidate keeps the control.</returns>
    public static double Forgetting<TModel>(
        TModel start, TaskVector vector, IEnumerable<double> scales, Func<TModel, double> target, Func<TModel, bool> allowed)
        where TModel : class, IModel =>
        Best(start, vector, scales, model => allowed(model) ? -target(model) : double.NegativeInfinity);

    private static double Try<TModel>(TModel start, TaskVector vector, double scale, Func<TModel, double> score) where TModel : class, IModel
    {
        var model = vector.ApplyTo(start, scale);
        try
        {
            return score(model);
        }
        finally
        {
            model.Module.Dispose();
        }
    }
}
