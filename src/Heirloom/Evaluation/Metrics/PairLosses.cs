using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Objectives;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>What a model pays for targets, given their sources.</summary>
public static class PairLosses
{
    /// <summary>Scores a model on one pass over pairs; pairs without a target that counts are left out.</summary>
    /// <param name="form">How the model reads pairs.</param>
    /// <param name="model">Put into evaluation mode for the while, and back.</param>
    /// <param name="batches">With an end.</param>
    /// <param name="work">Where to compute and when to stop.</param>
    /// <param name="uncounted">Target ids that are read but not scored: sentinels and ends, which one format has and another has not.</param>
    /// <exception cref="UserError">There is no target to predict.</exception>
    public static TokenLosses Of(PairForm form, IModel model, IBatches<SequencePairBatch> batches, WorkContext work, IReadOnlyCollection<long>? uncounted = null)
    {
        var (sums, counts) = (new List<double>(), new List<long>());
        Each(form, model, batches, work, (losses_BT, targets_BT) =>
        {
            var counted = targets_BT.ne(TokenBatch.Ignore);
            foreach (var id in uncounted ?? [])
            {
                counted = counted.logical_and(targets_BT.ne(id));
            }

            var sum_B = losses_BT.mul(counted).sum(1, type: ScalarType.Float64).cpu().data<double>().ToArray();
            var count_B = counted.sum(1).cpu().data<long>().ToArray();
            var rows = Enumerable.Range(0, sum_B.Length).Where(i => count_B[i] > 0).ToList();
            sums.AddRange(rows.Select(i => sum_B[i]));
            counts.AddRange(rows.Select(i => count_B[i]));
        });
        return sums.Count > 0 ? new(sums, counts) : throw new UserError("the held-out pairs hold no token to predict", mend: "give it more text");
    }

    /// <summary>Losses and targets <c>[B, T]</c> of every batch.</summary>
    internal static void Each(PairForm form, IModel model, IBatches<SequencePairBatch> batches, WorkContext work, Action<Tensor, Tensor> take) =>
        HeldOutPass.Each([model], batches, work, (batch, _) =>
        {
            var predictions = form.Predict(model, batch);
            take(CrossEntropy.PerTarget(predictions.Head(predictions.Hidden), predictions.Targets), predictions.Targets);
        });
}
