using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Models.Speech;

namespace Heirloom.Objectives.Targets;

/// <summary>Writing down what a recording says, each symbol given those before it (teacher forcing; Wang et al. 2020, fairseq S2T).</summary>
/// <remarks>While the model trains, spans of frames and coordinates are hidden as its frames' settings say.</remarks>
public static class SpeechToText
{
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<AssembledSequences, LabeledAudioBatch> Objective(CrossEntropyConfig? config = null) => (model, batch, seed) =>
    {
        if (batch.Labels.dim() != 2)
        {
            throw new UserError("labels are classes of recordings, and the model writes transcripts", mend: "give a row of symbols a recording");
        }

        var inputs = new AudioInputs(batch.Samples) { Mask = batch.Mask };
        inputs = model.training ? Speech.SpanMasking.Hide(inputs, model.Frames, seed.For("masking"), channels: true) : inputs;
        var memory_BSD = model.Hear(inputs);
        var hidden_BTD = model.Decode(DecoderInputs.ShiftRight(batch.Labels, model.DecoderStart, model.PaddingToken), memory_BSD, model.MemoryMask(batch.Mask));
        return CrossEntropy.OfHidden(model.Head, hidden_BTD, batch.Labels, config);
    };
}
