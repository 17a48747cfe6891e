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

    private static Tensor Unit(Tensor vectors)
    {
        using (vectors)
        {
            using var length = vectors.norm(1, keepdim: true);
            return vectors.div(length);
        }
    }
}
