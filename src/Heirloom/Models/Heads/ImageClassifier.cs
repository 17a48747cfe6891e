using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Vision;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>One label for an image.</summary>
public sealed record ImageClassifierConfig : ModelConfig, IExample<ImageClassifierConfig>
{
    public static ImageClassifierConfig Example => new() { Encoder = VisionTransformerConfig.Vit(8, 4, 1, 16, 1, 2), Classes = 3 };

    /// <summary>An image encoder.</summary>
    public required ModelConfig Encoder { get; init; }

    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    /// <summary>Dropped share of the image's vector.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>How the classifier's weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <exception cref="UserError">The encoder reads no images.</exception>
    public override ImageClassifier Build(Seed seed) => Over(Backbone.Build<IImageEncoder>(Encoder, seed), seed);

    internal ImageClassifier Over(IImageEncoder encoder, Seed seed)
    {
        var model = new ImageClassifier(encoder, this);
        Initialization.Apply(model.Classifier, seed.For("classifier"));
        return model;
    }
}

/// <summary>Classifies an image encoder's vector linearly.</summary>
public sealed class ImageClassifier : nn.Module, IClassifier<Tensor>
{
    private readonly ImageClassifierConfig _config;

    [ComponentName(Name = "encoder")]
    private readonly nn.Module _encoder;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    internal ImageClassifier(IImageEncoder encoder, ImageClassifierConfig config) : base(nameof(ImageClassifier))
    {
        _config = config;
        _encoder = encoder.Module;
        _classifier = Projections.Linear(encoder.Width, config.Classes, bias: true);
        RegisterComponents();
    }

    /// <summary>A new classifier over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="classes">Outputs.</param>
    /// <param name="seed">Of the classifier's weights.</param>
    /// <param name="dropout">Dropped share of the image's vector.</param>
    public static ImageClassifier Over(IImageEncoder encoder, int classes, Seed seed, double dropout = 0) =>
        new ImageClassifierConfig { Encoder = encoder.Config, Classes = classes, Dropout = dropout }.Over(encoder, seed);

    public ModelConfig Config => _config;

    public IImageEncoder Encoder => (IImageEncoder)_encoder;

    public int Classes => _config.Classes;

    internal nn.Module Classifier => _classifier;

    /// <returns><c>[B, C]</c></returns>
    public Tensor Classify(Tensor inputs)
    {
        using var scope = NewDisposeScope();
        var image_BD = Encoder.Embed(inputs);
        image_BD = training && _config.Dropout > 0 ? nn.functional.dropout(image_BD, _config.Dropout) : image_BD;
        return _classifier.call(image_BD).MoveToOuterDisposeScope();
    }
}
