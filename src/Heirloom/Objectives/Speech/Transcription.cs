using Heirloom.Data;
using Heirloom.Models.Speech;
using static TorchSharp.torch;

namespace Heirloom.Objectives.Speech;

/// <summary>Connectionist temporal classification: the probability of a transcript, over all ways in which frames can spell it.</summary>
/// <remarks>Graves et al. 2006. While the model trains, spans of frames and coordinates are hidden as its settings say (Baevski et al. 2020, §4.2).</remarks>
public static class Transcription
{
    public static Objective<ITranscriber, LabeledAudioBatch> Objective() => (model, batch, seed) =>
    {
        var inputs = new AudioInputs(batch.Samples) { Mask = batch.Mask };
        return Loss(model, model.Module.training ? SpanMasking.Hide(inputs, model.Encoder, seed.For("masking"), channels: true) : inputs, batch.Labels);
    };

    /// <param name="model">Its settings say how recordings' losses become one.</param>
    /// <param name="inputs">Recordings.</param>
    /// <param name="labels"><c>[B, N]</c> int64, anything below 0 past a transcript's end.</param>
    /// <returns>Part: <c>loss</c>.</returns>
    /// <exception cref="UserError">Labels are no transcripts, or name symbols that the model lacks.</exception>
    public static Loss Loss(ITranscriber model, AudioInputs inputs, Tensor labels)
    {
        if (labels.dim() != 2 || labels.shape[0] != inputs.Samples.shape[0])
        {
            throw new UserError($"labels are [{string.Join(", ", labels.shape)}] for {inputs.Samples.shape[0]} recordings", mend: "give a row of symbols a recording");
        }

        if (labels.numel() > 0 && labels.max().item<long>() is var largest && largest >= model.VocabularySize)
        {
            throw new UserError($"a label is {largest} and the model has {model.VocabularySize} symbols", mend: "symbols count from 0; set vocabulary_size to the data's");
        }

        var loss = model.TranscriptLoss(model.Transcribe(inputs), inputs.Mask, labels);
        return new(loss, ("loss", loss.detach()));
    }
}
