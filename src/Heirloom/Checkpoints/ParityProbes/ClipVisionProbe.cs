using Heirloom.Models.VisionLanguage;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>A vision encoder alone.</summary>
public sealed class ClipVisionProbe : ParityProbe<ClipVision>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ClipVision model, ParityInputs inputs)
    {
        yield return ("image_embeds", () => model.Embed(inputs["pixel_values"]));
        yield return ("pooler_output", () => model.Pool(model.Encode(inputs["pixel_values"])));
    }
}
