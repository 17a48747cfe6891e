using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>Predicting the rest of a row from a prefix of random length whose positions see each other both ways.</summary>
/// <remarks>
/// Liu et al. 2018; Raffel et al. 2020, §3.2.3: the split is uniform over the row. Padding is at the end of a row. In a row of packed documents the
/// prefix lies at the row's start, and documents still do not see each other.
/// </remarks>
public static class PrefixLM
{
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<ICausalLM, TokenBatch> Objective(CrossEntropyConfig? config = null) => (model, batch, seed) =>
    {
        var prefix_B = DrawPrefixes(batch, seed.For("prefix"));
        var hidden_BTD = model.Encode(new(batch.Ids) { Mask = batch.Mask, Segments = batch.Segments, PrefixLengths = prefix_B });
        return CrossEntropy.OfHidden(model.Head, hidden_BTD, AfterPrefix(batch.Targets ?? CausalLM.NextTokens(batch), prefix_B), config);
    };

    /// <summary>Uniform on 1 … L − 1, where L is a row's number of real tokens: at least one token on either side.</summary>
    /// <returns><c>[B]</c> int64</returns>
    public static Tensor DrawPrefixes(TokenBatch batch, Seed seed)
    {
        var rng = seed.Random();
        var lengths = batch.Mask is { } mask
            ? mask.sum(1).cpu().data<long>().ToArray()
            : [.. Enumerable.Repeat(batch.Ids.shape[1], (int)batch.Count)];
        return tensor(lengths.Select(length => 1 + rng.Next(Math.Max(1, length - 1))).ToArray(), device: batch.Ids.device);
    }

    /// <summary>Targets of which a prefix of length p has shown nothing: the last of the prefix predicts the first token after it.</summary>
    internal static Tensor AfterPrefix(Tensor targets_BT, Tensor prefix_B) => targets_BT.masked_fill(
        arange(targets_BT.shape[1], device: targets_BT.device).unsqueeze(0).less(prefix_B.unsqueeze(1).sub(KeptScalar.One)), KeptScalar.Of(TokenBatch.Ignore));
}
