using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Objectives;
using Heirloom.Training.Hooks;
using Heirloom.Training.Optimizers;
using TorchSharp;

namespace Heirloom.Training;

/// <summary>Trains a model on one objective; the common case of a <see cref="TrainingLoop"/>.</summary>
/// <param name="config">Settings.</param>
/// <param name="seed">All randomness of the training; the model's initialization has its own.</param>
/// <param name="work">Device, progress, stop.</param>
public sealed class Trainer(TrainingConfig config, Seed seed, WorkContext work)
{
    internal const string PhaseName = "train";

    /// <summary>Trains in place. With a <paramref name="run"/>, goes on from its newest snapshot if it has one, to the same bits as without the interruption.</summary>
    /// <param name="model">Is moved to the device and left there.</param>
    /// <param name="objective">What to minimize.</param>
    /// <param name="batches">Addressed by step.</param>
    /// <param name="run">Where metrics and snapshots go; null to keep nothing.</param>
    /// <param name="hooks">Called in order after each step.</param>
    /// <exception cref="UserError">Nothing to train, a run of other settings, or a step that went bad.</exception>
    public TrainingResult Fit<TModel, TBatch>(
        TModel model, Objective<TModel, TBatch> objective, IBatches<TBatch> batches, TrainingRun? run = null, params IReadOnlyList<IHook> hooks)
        where TModel : IModel
        where TBatch : IBatch<TBatch>
    {
        model.Module.to(work.Device);
        var phase = new Phase
        {
            Name = PhaseName,
            Parameters = NamedParameter.Of(model.Module),
            Optimizer = config.Optimizer,
            Schedule = config.Schedule,
            ClipNorm = config.ClipNorm,
            Accumulate = config.Accumulate,
            Recompute = config.Recompute,
            Unit = TBatch.Unit,
            Forward = (part, here) =>
            {
                if (part.Of(batches) is not { } rows)
                {
                    return null;
                }

                var batch = rows.To(work.Device);
                return new(objective(model, batch, here), batch.Count, batch.Units);
            },
        };
        return new TrainingLoop(config, seed, work).Run(model, [phase], batches.Fingerprint, run, hooks);
    }
}
