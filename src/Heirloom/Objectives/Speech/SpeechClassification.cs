using Heirloom.Data;
using Heirloom.Models.Speech;

namespace Heirloom.Objectives.Speech;

/// <summary>One label a recording; see <see cref="Classification"/>.</summary>
/// <remarks>While the model trains, spans of frames and coordinates are hidden as its settings say (Baevski et al. 2020, §4.2).</remarks>
public static class SpeechClassification
{
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<IAudioClassifier, LabeledAudioBatch> Objective(CrossEntropyConfig? config = null) => (model, batch, seed) =>
    {
        var inputs = new AudioInputs(batch.Samples) { Mask = batch.Mask };
        inputs = model.Module.training ? SpanMasking.Hide(inputs, model.Encoder, seed.For("masking"), channels: true) : inputs;
        return Classification.Loss(model.Classify(inputs), batch.Labels, config);
    };
}
