using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Classes of images.</summary>
public sealed class ImageClassifierProbe : ParityProbe<IClassifier<Tensor>>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(IClassifier<Tensor> model, ParityInputs inputs)
    {
        if (model.Classes > 0)
        {
            var logits = new Lazy<Tensor>(() => model.Classify(inputs["pixel_values"]));
            yield return ("logits", () => logits.Value);
            yield return ("loss", () => CrossEntropy(logits.Value, inputs["labels"]));
        }
    }
}
