using System.ComponentModel.DataAnnotations;
using Heirloom.Models.Vision;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>One label for an image; the encoder is an image encoder.</summary>
public sealed record ImageClassifierConfig : HeadConfig, IExample<ImageClassifierConfig>
{
    public static ImageClassifierConfig Example => new() { Encoder = VisionTransformerConfig.Vit(8, 4, 1, 16, 1, 2), Classes = 3 };

    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    internal override int Outputs() => Classes;

    /// <exception cref="UserError">The encoder reads no images.</exception>
    public override ImageClassifier Build(Seed seed) => Over(Backbone.Build<IImageEncoder>(Encoder, seed), seed);

    internal ImageClassifier Over(IImageEncoder encoder, Seed seed)
    {
        var model = new ImageClassifier(encoder, this);
        model.Initialize(seed);
        return model;
    }
}

/// <summary>Classifies an image encoder's vector.</summary>
public sealed class ImageClassifier : HeadModel<IImageEncoder>, IClassifier<Tensor>
{
    internal ImageClassifier(IImageEncoder encoder, ImageClassifierConfig config) : base(nameof(ImageClassifier), encoder, encoder.Width, config)
    {
        Classes = config.Classes;
        RegisterComponents();
    }

    /// <summary>A new classifier over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="classes">Outputs.</param>
    /// <param name="seed">Of the classifier's weights.</param>
    /// <param name="dropout">Dropped share of the image's vector.</param>
    public static ImageClassifier Over(IImageEncoder encoder, int classes, Seed seed, double dropout = 0) =>
        new ImageClassifierConfig { Encoder = encoder.Config, Classes = classes, Dropout = dropout }.Over(encoder, seed);

    public int Classes { get; }

    /// <returns><c>[B, C]</c></returns>
    public Tensor Classify(Tensor inputs)
    {
        using var scope = NewDisposeScope();
        return Score(Encoder.Embed(inputs)).MoveToOuterDisposeScope();
    }
}
