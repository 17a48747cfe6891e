using Heirloom.Data;
using Heirloom.Models;

namespace Heirloom.Objectives;

/// <summary>Predicting hidden tokens from both sides.</summary>
/// <remarks>Devlin et al. 2019, §3.1. The vocabulary head is computed at the hidden positions only.</remarks>
public static class MaskedLM
{
    /// <param name="config">What is hidden, anew every step.</param>
    /// <param name="wordStarts">For every id of the vocabulary, whether a word begins with it; null makes every token a word of its own.</param>
    /// <param name="loss">Null for plain cross-entropy.</param>
    public static Objective<IMaskedLM, TokenBatch> Objective(MaskingConfig config, IReadOnlyList<bool>? wordStarts = null, CrossEntropyConfig? loss = null)
    {
        var masking = new Masking(config, wordStarts);
        return (model, batch, seed) => masking.VocabularySize <= model.VocabularySize
            ? Loss(model, masking.Apply(batch, seed.For("masking")), loss)
            : throw new UserError($"masking knows {masking.VocabularySize} tokens and the model {model.VocabularySize}", "masking", "set vocabulary_size to the model's");
    }

    /// <summary>Predicts what the batches have hidden already (<see cref="StaticallyMaskedRows"/>).</summary>
    /// <param name="loss">Null for plain cross-entropy.</param>
    public static Objective<IMaskedLM, TokenBatch> OfHidden(CrossEntropyConfig? loss = null) => (model, batch, _) => Loss(model, batch, loss);

    /// <summary>The loss on a batch in which tokens are hidden already (static masking, evaluation).</summary>
    /// <param name="model">Sees <see cref="TokenBatch.Ids"/> as they are.</param>
    /// <param name="masked">With targets; see <see cref="Masking.Apply"/>.</param>
    /// <param name="loss">Null for plain cross-entropy.</param>
    public static Loss Loss(ILanguageModel model, TokenBatch masked, CrossEntropyConfig? loss = null) => CrossEntropy.OfHidden(
        model.Head,
        model.Encode(new(masked.Ids) { Mask = masked.Mask, Segments = masked.Segments, TokenTypes = masked.TokenTypes }),
        masked.Targets ?? throw new ArgumentException("no targets: apply a masking first", nameof(masked)),
        loss);
}
