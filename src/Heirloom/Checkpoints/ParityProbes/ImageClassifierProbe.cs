using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Classes of images.</summary>
public sealed class ImageClassifierProbe : ParityProbe<IClassifier<Tensor>>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(IClassifier<Tensor> model, ParityInputs inputs) =>
        model.Classes > 0 ? Classes(() => model.Classify(inputs["pixel_values"]), inputs) : [];
}
