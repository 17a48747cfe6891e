using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>One label a sequence, or one a token: cross-entropy of the right class, with the share of right answers as a part.</summary>
public static class Classification
{
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<IClassifier<TokenInputs>, LabeledTokenBatch> Objective(CrossEntropyConfig? config = null) =>
        (model, batch, _) => Loss(model.Classify(new(batch.Ids) { Mask = batch.Mask }), batch.Labels, config);

    /// <summary>The loss of any model that classifies.</summary>
    /// <param name="logits"><c>[…, C]</c></param>
    /// <param name="labels"><c>[…]</c> int64, <see cref="TokenBatch.Ignore"/> where there is none.</param>
    /// <param name="config">Null for plain cross-entropy.</param>
    /// <returns>Parts: <c>loss</c>, <c>accuracy</c>, and <c>z_loss</c> where it has a weight.</returns>
    public static Loss Loss(Tensor logits, Tensor labels, CrossEntropyConfig? config = null)
    {
        if (!logits.shape.AsSpan(0, logits.shape.Length - 1).SequenceEqual(labels.shape))
        {
            throw new UserError(
                $"the model gives classes for [{string.Join(", ", logits.shape[..^1])}] and labels are [{string.Join(", ", labels.shape)}]",
                mend: "one label a sequence needs a sequence classifier, one label a token a token classifier");
        }

        var classes = logits.shape[^1];
        if (labels.numel() > 0 && labels.max().item<long>() is var largest && largest >= classes)
        {
            throw new UserError($"a label is {largest} and the model has {classes} classes", mend: "labels count from 0; set classes to the data's");
        }

        var loss = CrossEntropy.Of(logits, labels, config);
        var right = logits.detach().argmax(-1).eq(labels).sum() / labels.ne(KeptScalar.Of(TokenBatch.Ignore)).sum().clamp(min: KeptScalar.One);
        return loss with { Parts = [.. loss.Parts, ("accuracy", right)] };
    }
}
