using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Parts;
using static TorchSharp.torch;

namespace Heirloom.Objectives.Targets;

/// <summary>Hidden tokens; see <see cref="MaskedLM"/>.</summary>
internal sealed class MaskedLMLoss : TextTargetLoss<MaskedLMTarget>
{
    /// <summary>A batch whose tokens are hidden already (<see cref="StaticallyMaskedRows"/>) is read as it is, where no masking is given.</summary>
    public override ReadText Prepare(Target target, AssembledText model, ReadText read, TextTargetContext context, Seed seed) => context.Masking switch
    {
        { } masking when masking.VocabularySize > model.VocabularySize =>
            throw new UserError($"masking knows {masking.VocabularySize} tokens and the model {model.VocabularySize}", "masking", "set vocabulary_size to the model's"),
        { } masking => read with { Batch = masking.Apply(read.Batch, seed.For("masking")) },
        null when read.Batch.Targets is null => throw new UserError("masked_lm needs to know what to hide", "masking", "give the objective a masking, or hide tokens in the batches"),
        null => read,
    };

    protected override Loss Of(MaskedLMTarget target, AssembledText model, Tensor hidden_BTD, TokenInputs inputs, ReadText read, TextTargetContext context) =>
        CrossEntropy.OfHidden(target.Head, hidden_BTD, read.Batch.Targets!, context.Loss);
}

/// <summary>The next token, of what follows a prefix where the target draws one; see <see cref="CausalLM"/> and <see cref="PrefixLM"/>.</summary>
internal sealed class CausalLMLoss : TextTargetLoss<CausalLMTarget>
{
    public override ReadText Prepare(Target target, AssembledText model, ReadText read, TextTargetContext context, Seed seed) =>
        ((CausalLMTarget)target).Prefix ? read with { PrefixLengths = PrefixLM.DrawPrefixes(read.Batch, seed.For("prefix")) } : read;

    protected override Loss Of(CausalLMTarget target, AssembledText model, Tensor hidden_BTD, TokenInputs inputs, ReadText read, TextTargetContext context)
    {
        var targets = read.Batch.Targets ?? CausalLM.NextTokens(read.Batch);
        return CrossEntropy.OfHidden(target.Head, hidden_BTD, read.PrefixLengths is { } prefixes ? PrefixLM.AfterPrefix(targets, prefixes) : targets, context.Loss);
    }
}

/// <summary>The mean of both directions' losses (Peters et al. 2018, §3.1, which sums them).</summary>
internal sealed class BidirectionalLMLoss : TextTargetLoss<BidirectionalLMTarget>
{
    protected override Loss Of(BidirectionalLMTarget target, AssembledText model, Tensor hidden_BTD, TokenInputs inputs, ReadText read, TextTargetContext context)
    {
        var next = CausalLM.NextTokens(read.Batch);
        // whose next token is predicted there is the one before it
        var follows = next.ne(TokenBatch.Ignore);
        var before = cat([full_like(next.narrow(1, 0, 1), TokenBatch.Ignore), read.Batch.Ids.masked_fill(follows.logical_not(), TokenBatch.Ignore).narrow(1, 0, next.shape[1] - 1)], 1);
        var (forward, backward) = (CrossEntropy.OfHidden(target.Head, hidden_BTD, next, context.Loss), CrossEntropy.OfHidden(target.Before, hidden_BTD, before, context.Loss));
        return new((forward.Total + backward.Total) / 2, ("forward", forward.Parts[0].Value), ("backward", backward.Parts[0].Value)) { Terms = forward.Terms };
    }
}

/// <summary>The relation of the row's two texts; see <see cref="NextSentence"/>.</summary>
internal sealed class SentencePairLoss : TextTargetLoss<SentencePairTarget>
{
    protected override Loss Of(SentencePairTarget target, AssembledText model, Tensor hidden_BTD, TokenInputs inputs, ReadText read, TextTargetContext context) =>
        Classification.Loss(
            target.Relation(Pooling.First.Apply(model, hidden_BTD, inputs)),
            read.Batch.Relations ?? throw new UserError("the rows are single texts: there is no relation to predict", "sentence_pair", "make pairs of them (segment_pair, sentence_pair, sentence_order)"));
}

/// <summary>The row's label, which stands where pairs have their relation.</summary>
internal sealed class ClassificationLoss : TextTargetLoss<ClassificationTarget>
{
    protected override Loss Of(ClassificationTarget target, AssembledText model, Tensor hidden_BTD, TokenInputs inputs, ReadText read, TextTargetContext context) =>
        Classification.Loss(
            target.Classify(target.Pooling.Apply(model, hidden_BTD, inputs)),
            read.Batch.Relations ?? throw new UserError("the rows have no labels", "classification", "give batches their labels as relations"));
}
