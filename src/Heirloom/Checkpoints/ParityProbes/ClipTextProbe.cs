using Heirloom.Models.VisionLanguage;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>A text encoder alone.</summary>
public sealed class ClipTextProbe : ParityProbe<ClipText>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ClipText model, ParityInputs inputs)
    {
        yield return ("text_embeds", () => model.Embed(inputs.Tokens));
        yield return ("pooler_output", () => model.Pool(model.Encode(inputs.Tokens), inputs["input_ids"]));
    }
}
