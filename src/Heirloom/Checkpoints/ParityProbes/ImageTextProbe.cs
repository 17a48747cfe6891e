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
        var logits = new Lazy<Tensor>(() => texts.Value.matmul(images.Value.t()).mul(model.LogScale.exp()));
        yield return ("text_embeds", () => texts.Value);
        yield return ("image_embeds", () => images.Value);
        yield return ("logits_per_text", () => logits.Value);
        yield return ("logits_per_image", () => logits.Value.t());
        yield return ("loss", () =>
        {
            var own = arange(logits.Value.shape[0]);
            return CrossEntropy(logits.Value, own).add(CrossEntropy(logits.Value.t(), own)).div(2);
        });
    }
}

/// <summary>A text encoder alone.</summary>
public sealed class ClipTextProbe : ParityProbe<ClipText>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ClipText model, ParityInputs inputs)
    {
        yield return ("text_embeds", () => model.Embed(inputs.Tokens));
        yield return ("pooler_output", () => model.Pool(model.Encode(inputs.Tokens), inputs["input_ids"]));
    }
}

/// <summary>A vision encoder alone.</summary>
public sealed class ClipVisionProbe : ParityProbe<ClipVision>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ClipVision model, ParityInputs inputs)
    {
        yield return ("image_embeds", () => model.Embed(inputs["pixel_values"]));
        yield return ("pooler_output", () => model.Pool(model.Encode(inputs["pixel_values"])));
    }
}
