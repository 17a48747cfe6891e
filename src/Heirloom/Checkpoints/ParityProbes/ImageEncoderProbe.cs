using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>The bare image model: vectors of its patches, and the pooled one where it has a pooler.</summary>
public sealed class ImageEncoderProbe : ParityProbe<IImageEncoder>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(IImageEncoder model, ParityInputs inputs)
    {
        var hidden = new Lazy<Tensor>(() => model.Encode(inputs["pixel_values"]));
        yield return ("last_hidden_state", () => hidden.Value);
        if (model is IPooledImageEncoder { HasPooler: true } pooled)
        {
            yield return ("pooler_output", () => pooled.Pool(hidden.Value));
        }
    }
}
