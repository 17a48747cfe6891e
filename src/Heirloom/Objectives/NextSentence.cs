using Heirloom.Data;
using Heirloom.Models;

namespace Heirloom.Objectives;

/// <summary>Predicting hidden tokens and, from the first token's vector, how the row's two texts relate: the sum of both means.</summary>
/// <remarks>
/// Devlin et al. 2019, §3.1, task 2, where the relation is whether the second text follows the first (<see cref="Data.Sentences.SegmentPairConfig"/>); rows
/// whose relation is unknown count for the tokens alone.
/// </remarks>
public static class NextSentence
{
    /// <param name="config">What is hidden, anew every step.</param>
    /// <param name="wordStarts">For every id of the vocabulary, whether a word begins with it; null makes every token a word of its own.</param>
    /// <param name="loss">How hidden tokens are scored; null for plain cross-entropy.</param>
    public static Objective<ISentencePairLM, TokenBatch> Objective(MaskingConfig config, IReadOnlyList<bool>? wordStarts = null, CrossEntropyConfig? loss = null)
    {
        var masking = new Masking(config, wordStarts);
        return (model, batch, seed) => masking.VocabularySize <= model.VocabularySize
            ? Loss(model, masking.Apply(batch, seed.For("masking")), loss)
            : throw new UserError($"masking knows {masking.VocabularySize} tokens and the model {model.VocabularySize}", "masking", "set vocabulary_size to the model's");
    }

    /// <summary>For batches whose tokens are hidden already (<see cref="StaticallyMaskedRows"/>).</summary>
    /// <param name="loss">How hidden tokens are scored; null for plain cross-entropy.</param>
    public static Objective<ISentencePairLM, TokenBatch> OfHidden(CrossEntropyConfig? loss = null) => (model, batch, _) => Loss(model, batch, loss);

    /// <summary>The loss on a batch in which tokens are hidden already.</summary>
    /// <param name="model">Sees <see cref="TokenBatch.Ids"/> as they are.</param>
    /// <param name="masked">With targets and relations.</param>
    /// <param name="loss">How hidden tokens are scored; null for plain cross-entropy.</param>
    /// <returns>Parts: <c>masked</c>, <c>relation</c> and <c>accuracy</c> (of the relation).</returns>
    /// <exception cref="UserError">The rows are no pairs.</exception>
    public static Loss Loss(ISentencePairLM model, TokenBatch masked, CrossEntropyConfig? loss = null)
    {
        if (masked.Relations is null)
        {
            throw new UserError("the rows are single texts: there is no relation to predict", "next sentence", "make pairs of them (segment_pair, sentence_pair)");
        }

        var inputs = new TokenInputs(masked.Ids) { Mask = masked.Mask, Segments = masked.Segments, TokenTypes = masked.TokenTypes };
        var hidden_BTD = model.Encode(inputs);
        var targets = masked.Targets ?? throw new ArgumentException("no targets: apply a masking first", nameof(masked));
        var tokens = CrossEntropy.OfHidden(model.Head, hidden_BTD, targets, loss);
        var relation = Classification.Loss(model.Relation(hidden_BTD, inputs), masked.Relations);
        return new(
            tokens.Total + relation.Total,
            ("masked", tokens.Parts[0].Value),
            ("relation", relation.Parts[0].Value),
            ("accuracy", relation.Parts.Single(p => p.Name == "accuracy").Value));
    }
}
