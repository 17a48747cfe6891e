using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>The bare image model.</summary>
public sealed class ImageEncoderProbe : ParityProbe<IImageEncoder>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(IImageEncoder model, ParityInputs inputs)
    {
        yield return ("last_hidden_state", () => model.Encode(inputs["pixel_values"]));
    }
}
