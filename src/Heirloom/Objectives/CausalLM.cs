using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>Predicting every token from those before it.</summary>
/// <remarks>The model must look at no later token; any language model of which that is true will do, a recurrent one too.</remarks>
public static class CausalLM
{
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<ILanguageModel, TokenBatch> Objective(CrossEntropyConfig? config = null) => (model, batch, _) =>
        CrossEntropy.OfHidden(
            model.Head,
            model.Encode(new(batch.Ids) { Mask = batch.Mask, Segments = batch.Segments }),
            batch.Targets ?? NextTokens(batch),
            config);

    /// <summary>The token that follows each: none at a row's end, on padding, or where the next token belongs to another document.</summary>
    /// <returns><c>[B, T]</c> int64 with <see cref="TokenBatch.Ignore"/> where there is none.</returns>
    public static Tensor NextTokens(TokenBatch batch)
    {
        var length = batch.Ids.shape[1] - 1;
        var next_BT = batch.Ids.narrow(1, 1, length);
        if (batch.Mask is { } mask)
        {
            next_BT = next_BT.masked_fill(mask.narrow(1, 1, length).logical_not(), KeptScalar.Of(TokenBatch.Ignore));
        }

        if (batch.Segments is { } segments)
        {
            next_BT = next_BT.masked_fill(segments.narrow(1, 1, length).ne(segments.narrow(1, 0, length)), KeptScalar.Of(TokenBatch.Ignore));
        }

        return cat([next_BT, full_like(batch.Ids.narrow(1, 0, 1), KeptScalar.Of(TokenBatch.Ignore))], 1);
    }
}
