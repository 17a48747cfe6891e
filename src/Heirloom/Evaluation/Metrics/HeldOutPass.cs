using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>One pass of models over held-out batches: what every metric is computed in.</summary>
internal static class HeldOutPass
{
    /// <summary>Takes every batch of an epoch, on the device, without gradients and in a dispose scope of its own.</summary>
    /// <param name="models">Put into evaluation mode for the while, and back.</param>
    /// <param name="batches">With an end (<see cref="IBatches{TBatch}.StepsPerEpoch"/>).</param>
    /// <param name="work">Where to compute and when to stop.</param>
    /// <param name="take">Given the batch and its step.</param>
    /// <exception cref="ArgumentException">The batches have no end.</exception>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public static void Each<TBatch>(IReadOnlyList<IModel> models, IBatches<TBatch> batches, WorkContext work, Action<TBatch, long> take)
        where TBatch : IBatch<TBatch>
    {
        var steps = batches.StepsPerEpoch ?? throw new ArgumentException("evaluation needs batches with an end", nameof(batches));
        var training = models.Select(m => m.Module.training).ToList();
        foreach (var model in models)
        {
            model.Module.eval();
        }

        try
        {
            using var quiet = no_grad();
            for (var step = 0L; step < steps; step++)
            {
                work.Stop.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                take(batches.At(step).To(work.Device), step);
            }
        }
        finally
        {
            foreach (var (model, was) in models.Zip(training))
            {
                model.Module.train(was);
            }
        }
    }
}
