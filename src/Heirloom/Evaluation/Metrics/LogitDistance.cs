using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>How far two language models are from computing the same: what a function-preserving change of a model must keep near zero.</summary>
public static class LogitDistance
{
    /// <summary>The largest |Δ logit| over all positions and tokens of one pass.</summary>
    /// <param name="first">In evaluation mode for the while, as is the second.</param>
    /// <param name="second">Of the same vocabulary.</param>
    /// <param name="batches">With an end (<see cref="IBatches{TBatch}.StepsPerEpoch"/>).</param>
    /// <param name="work">Where to compute and when to stop.</param>
    /// <exception cref="UserError">The vocabularies differ.</exception>
    public static double Max(ILanguageModel first, ILanguageModel second, IBatches<TokenBatch> batches, WorkContext work)
    {
        if (first.VocabularySize != second.VocabularySize)
        {
            throw new UserError($"logits over {first.VocabularySize} and over {second.VocabularySize} tokens have no distance");
        }

        var largest = 0.0;
        HeldOutPass.Each([first, second], batches, work, (batch, _) =>
        {
            var inputs = new TokenInputs(batch.Ids) { Mask = batch.Mask, Segments = batch.Segments };
            var difference = first.Head(first.Encode(inputs)).sub(second.Head(second.Encode(inputs)));
            largest = Math.Max(largest, difference.abs().max().to(float64).item<double>());
        });
        return largest;
    }
}
