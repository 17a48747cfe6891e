using Heirloom.Models.VisionLanguage;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Images against texts.</summary>
public sealed class ImageTextProbe : ParityProbe<IImageTextModel>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(IImageTextModel model, ParityInputs inputs)
    {
        var texts = new Lazy<Tensor>(() => model.EmbedTexts(inputs.Tokens));
        var images = new Lazy<Tensor>(() => model.EmbedImages(inputs["pixel_values"]));
        var logits = new Lazy<Tensor>(() => model.Logits(texts.Value, images.Value));
        yield return ("text_embeds", () => texts.Value);
        yield return ("image_embeds", () => images.Value);
        yield return ("logits_per_text", () => logits.Value);
        yield return ("logits_per_image", () => logits.Value.t());
        yield return ("loss", () =>
        {
            var own = arange(logits.Value.shape[0], device: logits.Value.device);
            return CrossEntropy(logits.Value, own).add(CrossEntropy(logits.Value.t(), own)).div(2);
        });
    }
}
