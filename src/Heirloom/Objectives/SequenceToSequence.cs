using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>Predicting a target from a source, each token given those before it (teacher forcing).</summary>
public static class SequenceToSequence
{
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<ISequenceToSequenceLM, SequencePairBatch> Objective(CrossEntropyConfig? config = null) =>
        (model, batch, _) => Loss(model, batch, config);

    public static Loss Loss(ISequenceToSequenceLM model, SequencePairBatch batch, CrossEntropyConfig? config = null)
    {
        var memory_BSD = model.EncodeSource(batch.Source, batch.SourceMask);
        var hidden_BTD = model.Decode(ShiftRight(batch.Target, model.DecoderStart, model.PaddingToken), memory_BSD, batch.SourceMask);
        return CrossEntropy.OfHidden(model.Head, hidden_BTD, batch.Target, config);
    }

    /// <summary>What the decoder reads: <paramref name="start"/>, then the target without its last token; ignored targets read as <paramref name="padding"/>.</summary>
    /// <param name="target"><c>[B, T]</c> int64</param>
    /// <param name="start">The id from which decoding starts.</param>
    /// <param name="padding">The id that stands for padding.</param>
    public static Tensor ShiftRight(Tensor target, long start, long padding) => cat(
        [full_like(target.narrow(1, 0, 1), start), target.narrow(1, 0, target.shape[1] - 1)], 1).masked_fill_(
        cat([zeros_like(target.narrow(1, 0, 1)), target.narrow(1, 0, target.shape[1] - 1)], 1).eq(TokenBatch.Ignore), padding);
}
