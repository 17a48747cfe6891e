using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Objectives;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>The loss of an objective on held-out batches: what learning rates are chosen by where models are trained on different objectives.</summary>
public static class ObjectiveLosses
{
    /// <summary>The mean over one pass.</summary>
    /// <param name="objective">What the model was trained on.</param>
    /// <param name="model">Put into evaluation mode for the while, and back.</param>
    /// <param name="batches">With an end.</param>
    /// <param name="seed">Decides masks and spans.</param>
    /// <param name="work">Where to compute and when to stop.</param>
    public static double Mean<TModel, TBatch>(Objective<TModel, TBatch> objective, TModel model, IBatches<TBatch> batches, Seed seed, WorkContext work)
        where TModel : class, IModel
        where TBatch : IBatch<TBatch>
    {
        var (sum, count) = (0.0, 0.0);
        HeldOutPass.Each([model], batches, work, (batch, step) =>
        {
            var loss = objective(model, batch, seed.For("step", step));
            var terms = loss.Terms?.to(ScalarType.Float64).item<double>() ?? batch.Count;
            sum += terms * loss.Total.to(ScalarType.Float64).item<double>();
            count += terms;
        });
        return count > 0 ? sum / count : throw new UserError("the held-out text holds nothing to predict", mend: "give it more text");
    }
}
