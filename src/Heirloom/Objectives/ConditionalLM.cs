using Heirloom.Data;
using Heirloom.Models;

namespace Heirloom.Objectives;

/// <summary>Predicting a target from a source with any architecture that can: the same task for decoders and encoder–decoders.</summary>
public static class ConditionalLM
{
    /// <param name="form">How the model reads pairs.</param>
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<IModel, SequencePairBatch> Objective(PairForm form, CrossEntropyConfig? config = null) =>
        (model, batch, _) => Loss(form, model, batch, config);

    /// <summary>Cross-entropy over the targets; nothing is asked of the source.</summary>
    public static Loss Loss(PairForm form, IModel model, SequencePairBatch batch, CrossEntropyConfig? config = null)
    {
        var predictions = form.Predict(model, batch);
        return CrossEntropy.OfHidden(predictions.Head, predictions.Hidden, predictions.Targets, config);
    }
}
