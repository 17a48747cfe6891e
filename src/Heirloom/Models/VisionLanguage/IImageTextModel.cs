using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Models.VisionLanguage;

/// <summary>Texts to vectors that may be compared with others'.</summary>
public interface ITextEmbedder : ITokenEncoder
{
    /// <returns><c>[B, P]</c>: the vector that stands for the text.</returns>
    Tensor Embed(TokenInputs inputs);
}

/// <summary>Images and texts to vectors of one space.</summary>
public interface IImageTextModel : IModel
{
    /// <summary>What reads.</summary>
    ITextEmbedder Texts { get; }

    /// <summary>What sees.</summary>
    IImageEncoder Images { get; }

    /// <summary>A scalar: log of the factor on cosines; learned.</summary>
    Tensor LogScale { get; }
}

public static class ImageTextModels
{
    /// <summary>Texts' vectors of length 1: <c>[B, P]</c>.</summary>
    public static Tensor EmbedTexts(this IImageTextModel model, TokenInputs texts) => Unit(model.Texts.Embed(texts));

    /// <summary>Images' vectors of length 1: <c>[B, P]</c>.</summary>
    public static Tensor EmbedImages(this IImageTextModel model, Tensor images) => Unit(model.Images.Embed(images));

    /// <summary>Scaled cosines of every text with every image.</summary>
    /// <param name="model">Says the factor.</param>
    /// <param name="texts"><c>[M, P]</c> of length 1.</param>
    /// <param name="images"><c>[N, P]</c> of length 1.</param>
    /// <param name="largest">Bounds the factor; null for no bound.</param>
    /// <returns><c>[M, N]</c></returns>
    public static Tensor Logits(this IImageTextModel model, Tensor texts, Tensor images, Scalar? largest = null)
    {
        using var scope = NewDisposeScope();
        var scale = model.LogScale.to(texts.dtype).exp();
        return texts.matmul(images.t()).mul(largest is null ? scale : scale.clamp(max: largest)).MoveToOuterDisposeScope();
    }

    private static Tensor Unit(Tensor vectors)
    {
        using (vectors)
        {
            using var length = vectors.norm(1, keepdim: true);
            return vectors.div(length);
        }
    }
}
