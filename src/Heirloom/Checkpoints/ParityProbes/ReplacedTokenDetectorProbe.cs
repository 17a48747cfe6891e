using Heirloom.Models.Heads;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Scores of replaced tokens; the loss is over real ones.</summary>
public sealed class ReplacedTokenDetectorProbe : ParityProbe<ReplacedTokenDetector>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ReplacedTokenDetector model, ParityInputs inputs)
    {
        var logits = new Lazy<Tensor>(() => model.Detect(inputs.Tokens));
        yield return ("logits", () => logits.Value);
        yield return ("loss", () =>
        {
            var real = inputs.Mask ?? ones_like(logits.Value, ScalarType.Bool);
            return functional.binary_cross_entropy_with_logits(logits.Value.masked_select(real), inputs["labels"].masked_select(real).to(ScalarType.Float32)).view(1);
        });
    }
}
