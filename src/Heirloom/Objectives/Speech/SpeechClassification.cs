using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Speech;

namespace Heirloom.Objectives.Speech;

/// <summary>One label a recording; see <see cref="Classification"/>.</summary>
public static class SpeechClassification
{
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<IClassifier<AudioInputs>, LabeledAudioBatch> Objective(CrossEntropyConfig? config = null) =>
        (model, batch, _) => Classification.Loss(model.Classify(new(batch.Samples) { Mask = batch.Mask }), batch.Labels, config);
}
