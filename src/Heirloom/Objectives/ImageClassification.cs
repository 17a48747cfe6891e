using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>One label an image; see <see cref="Classification"/>.</summary>
public static class ImageClassification
{
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Objective<IClassifier<Tensor>, ImageBatch> Objective(CrossEntropyConfig? config = null) =>
        (model, batch, _) => Classification.Loss(model.Classify(batch.Images), batch.Labels, config);
}
