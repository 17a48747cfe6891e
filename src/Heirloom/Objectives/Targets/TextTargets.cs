using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Parts;
using static TorchSharp.torch;

namespace Heirloom.Objectives.Targets;

/// <summary>All targets of an assembled model that reads text, learned together: the text is changed as they ask, read once, and their losses are summed by weight (Zhao et al. 2019, UER, §2).</summary>
public static class TextTargets
{
    private static readonly Lazy<IReadOnlyDictionary<Type, TextTargetLoss>> s_losses = new(() => typeof(TextTargetLoss).Assembly.GetTypes()
        .Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(TextTargetLoss))).Select(t => (TextTargetLoss)Activator.CreateInstance(t)!).ToDictionary(l => l.Target));

    /// <param name="masking">What <c>masked_lm</c> hides, anew every step; null for models without it.</param>
    /// <param name="wordStarts">For every id of the vocabulary, whether a word begins with it; null makes every token a word of its own.</param>
    /// <param name="loss">How tokens are scored; null for plain cross-entropy.</param>
    /// <returns>Parts bear the target's name where there are several.</returns>
    public static Objective<AssembledText, TokenBatch> Objective(MaskingConfig? masking, IReadOnlyList<bool>? wordStarts = null, CrossEntropyConfig? loss = null)
    {
        var context = new TextTargetContext(masking is null ? null : new(masking, wordStarts), loss);
        return (model, batch, seed) =>
        {
            if (model.Targets.IsEmpty)
            {
                throw new UserError("the model has no target", "targets", "give it one");
            }

            var losses = model.Targets.Select(t => (Target: t, Loss: s_losses.Value[t.GetType()])).ToList();
            var read = new ReadText(batch, null);
            foreach (var (target, own) in losses)
            {
                read = own.Prepare(target, model, read, context, seed.For(target.Kind));
            }

            var inputs = new TokenInputs(read.Batch.Ids)
            {
                Mask = batch.Mask, Segments = batch.Segments, TokenTypes = batch.TokenTypes, PrefixLengths = read.PrefixLengths,
            };
            var hidden_BTD = model.Encode(inputs);
            return WeightedSum.Of(losses.Select(l => (l.Target, l.Loss.Of(l.Target, model, hidden_BTD, inputs, read, context))));
        };
    }
}

/// <summary>What targets share in a step.</summary>
internal sealed record TextTargetContext(Masking? Masking, CrossEntropyConfig? Loss);

/// <summary>A batch as the model reads it.</summary>
/// <param name="Batch">With targets where tokens are hidden.</param>
/// <param name="PrefixLengths"><c>[B]</c> int64, or null.</param>
internal sealed record ReadText(TokenBatch Batch, Tensor? PrefixLengths);

/// <summary>How a kind of target learns from text. Found by reflection; needs a constructor without parameters.</summary>
internal abstract class TextTargetLoss
{
    /// <summary>The target's type.</summary>
    public abstract Type Target { get; }

    /// <summary>The text as the model is to read it.</summary>
    public virtual ReadText Prepare(Target target, AssembledText model, ReadText read, TextTargetContext context, Seed seed) => read;

    /// <summary>The loss of what was read.</summary>
    public abstract Loss Of(Target target, AssembledText model, Tensor hidden_BTD, TokenInputs inputs, ReadText read, TextTargetContext context);
}

/// <summary>A loss of one type of target.</summary>
internal abstract class TextTargetLoss<TTarget> : TextTargetLoss
    where TTarget : Target
{
    public sealed override Type Target => typeof(TTarget);

    public sealed override Loss Of(Target target, AssembledText model, Tensor hidden_BTD, TokenInputs inputs, ReadText read, TextTargetContext context) =>
        Of((TTarget)target, model, hidden_BTD, inputs, read, context);

    protected abstract Loss Of(TTarget target, AssembledText model, Tensor hidden_BTD, TokenInputs inputs, ReadText read, TextTargetContext context);
}
