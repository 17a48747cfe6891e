using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Models;

namespace Heirloom.Objectives;

/// <summary>Prefix language modelling for any architecture: a row is split at random, and the model continues the first part (Raffel et al. 2020, §3.2.3; Wang et al. 2022, §2.2).</summary>
/// <remarks>With <see cref="PrefixPairs"/> it is what <see cref="PrefixLM"/> does; with <see cref="EncoderDecoderPairs"/> the encoder reads the prefix.</remarks>
public static class TextContinuation
{
    /// <param name="form">How the model reads pairs.</param>
    /// <param name="loss">Null for plain cross-entropy.</param>
    public static Objective<IModel, TokenBatch> Objective(PairForm form, CrossEntropyConfig? loss = null) =>
        (model, batch, seed) => ConditionalLM.Loss(form, model, Split(batch, seed.For("prefix")).To(batch.Ids.device), loss);

    /// <summary>Every row as prefix and rest, the point uniform on 1 … L − 1 of its L real tokens; on the CPU. Rows of a single token are left out.</summary>
    /// <exception cref="UserError">No row has two tokens.</exception>
    public static SequencePairBatch Split(TokenBatch batch, Seed seed)
    {
        SequencePair[] pairs = [.. TokenTexts.Of(batch).Select((text, row) => (Text: text, Row: row)).Where(t => t.Text.Length > 1).Select(t =>
        {
            var at = 1 + seed.For("row", t.Row).Random().Next(t.Text.Length - 1);
            return new SequencePair(t.Text[..at], t.Text[at..]);
        })];
        return pairs.Length > 0 ? SequencePairBatches.Collate(pairs, padding: 0) : throw new UserError("no row has two tokens", "text continuation", "use longer rows");
    }
}
