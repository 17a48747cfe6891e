using Heirloom.Models;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>The same search for every arm of a comparison, so that no baseline is starved of tuning.</summary>
public static class Tuning
{
    /// <summary>Trains once for each candidate and keeps the model with the lowest loss, the earliest on ties; the others are disposed.</summary>
    /// <param name="candidates">Settings to try (learning rates), at least one.</param>
    /// <param name="train">Makes a model with a setting, from the same start and the same data every time.</param>
    /// <param name="loss">On validation data; not a number counts as infinite.</param>
    public static TModel Best<TSetting, TModel>(IEnumerable<TSetting> candidates, Func<TSetting, TModel> train, Func<TModel, double> loss)
        where TModel : class, IModel
    {
        TModel? best = null;
        var lowest = double.PositiveInfinity;
        foreach (var candidate in candidates)
        {
            var model = train(candidate);
            var value = loss(model);
            if (best is null || value < lowest)
            {
                best?.Module.Dispose();
                (best, lowest) = (model, double.IsNaN(value) ? double.PositiveInfinity : value);
            }
            else
            {
                model.Module.Dispose();
            }
        }

        return best ?? throw new ArgumentException("there is nothing to try", nameof(candidates));
    }
}
