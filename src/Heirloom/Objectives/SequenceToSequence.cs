using Heirloom.Data;
using Heirloom.Models;

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
        var hidden_BTD = model.Decode(model.Shift(batch.Target), memory_BSD, batch.SourceMask);
        return CrossEntropy.OfHidden(model.Head, hidden_BTD, batch.Target, config);
    }
}
