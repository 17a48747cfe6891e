using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models.VisionLanguage;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Objectives.VisionLanguage;

/// <summary>How images and texts are told apart.</summary>
public sealed record ImageTextContrastConfig
{
    /// <summary>Largest factor on cosines, beyond which training became unstable (Radford et al. 2021, §2.5).</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double LargestScale { get; init; } = 100;
}

/// <summary>Of all texts in the batch an image finds its own, and a text its image: the mean of both cross-entropies.</summary>
/// <remarks>Radford et al. 2021, figure 3. The batch is the set of negatives, so gradients of micro-batches do not add up to a large batch's.</remarks>
public static class ImageTextContrast
{
    /// <param name="config">Null for as published.</param>
    public static Objective<IImageTextModel, ImageTextBatch> Objective(ImageTextContrastConfig? config = null)
    {
        Scalar largest = (config ?? new()).LargestScale;
        return (model, batch, _) =>
        {
            var texts = model.EmbedTexts(new(batch.Ids) { Mask = batch.Mask }).to(ScalarType.Float32);
            var images = model.EmbedImages(batch.Images).to(ScalarType.Float32);
            var logits = model.Logits(texts, images, largest);
            var own = arange(logits.shape[0], device: logits.device);
            var loss = nn.functional.cross_entropy(logits, own).add(nn.functional.cross_entropy(logits.t(), own), KeptScalar.One).div(KeptScalar.Two);
            var right = logits.detach().argmax(0).eq(own).to(ScalarType.Float32).mean();
            return new(loss, ("loss", loss.detach()), ("accuracy", right));
        };
    }
}
