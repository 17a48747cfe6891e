using Heirloom.Models.Vision;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Images written again, and how far off hidden patches are.</summary>
public sealed class MaskedImageProbe : ParityProbe<MaskedImageModel>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(MaskedImageModel model, ParityInputs inputs)
    {
        var hidden = inputs.Find("bool_masked_pos")?.to(ScalarType.Bool);
        var written = new Lazy<Tensor>(() => model.Reconstruct(inputs["pixel_values"], hidden));
        yield return ("reconstruction", () => written.Value);
        yield return ("loss", () => model.HiddenDifference(inputs["pixel_values"], written.Value, hidden ?? inputs["bool_masked_pos"]).view(1));
    }
}
