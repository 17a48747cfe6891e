using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>One label for a recording, or one for each of its frames.</summary>
public sealed record SpeechClassifierConfig : ModelConfig, IExample<SpeechClassifierConfig>
{
    public static SpeechClassifierConfig Example => new() { Encoder = SpeechEncoderConfig.Example, Classes = 3, ProjectionWidth = 8, MixLayers = true };

    public required SpeechEncoderConfig Encoder { get; init; }

    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    /// <summary>Width to which frames are projected before their mean is taken and classified; null classifies each frame as it is.</summary>
    [Range(1, int.MaxValue)]
    public int? ProjectionWidth { get; init; } = 256;

    /// <summary>Whether a learned mixture of all layers is classified instead of the last (Yang et al. 2021).</summary>
    public bool MixLayers { get; init; }

    /// <summary>How the head's weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <exception cref="UserError">Layers of a model with an adapter have no common width to mix.</exception>
    public override SpeechClassifier Build(Seed seed) => Over(Encoder.Build(seed.For("encoder")), seed);

    internal SpeechClassifier Over(SpeechEncoder encoder, Seed seed)
    {
        var model = new SpeechClassifier(encoder, this);
        foreach (var (name, part) in model.Parts)
        {
            Initialization.Apply(part, seed.For(name));
        }

        return model;
    }
}

/// <inheritdoc cref="SpeechClassifierConfig"/>
public sealed class SpeechClassifier : nn.Module, IAudioClassifier
{
    private readonly SpeechClassifierConfig _config;

    [ComponentName(Name = "encoder")]
    private readonly SpeechEncoder _encoder;

    [ComponentName(Name = "mixture")]
    private readonly Parameter? _mixture;

    [ComponentName(Name = "projector")]
    private readonly Linear? _projector;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    internal SpeechClassifier(SpeechEncoder encoder, SpeechClassifierConfig config) : base(nameof(SpeechClassifier))
    {
        if (config.MixLayers && config.Encoder.Adapter is not null)
        {
            throw new UserError("layers before an adapter are not what comes out of it", "mix_layers", "mix layers of an encoder without an adapter");
        }

        _config = config;
        _encoder = encoder;
        var layers = config.Encoder.Layers + 1;
        _mixture = config.MixLayers ? ModuleWeight.Of(full(layers, 1.0 / layers)) : null;
        _projector = config.ProjectionWidth is { } width ? Projections.Linear(encoder.Width, width, bias: true) : null;
        _classifier = Projections.Linear(config.ProjectionWidth ?? encoder.Width, config.Classes, bias: true);
        RegisterComponents();
    }

    /// <summary>A new classifier over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="classes">Outputs.</param>
    /// <param name="seed">Of the head's weights.</param>
    public static SpeechClassifier Over(SpeechEncoder encoder, int classes, Seed seed) =>
        new SpeechClassifierConfig { Encoder = (SpeechEncoderConfig)encoder.Config, Classes = classes }.Over(encoder, seed);

    public ModelConfig Config => _config;

    public SpeechEncoder Encoder => _encoder;

    IAudioEncoder IAudioClassifier.Encoder => _encoder;

    public int Classes => _config.Classes;

    internal IEnumerable<(string Name, nn.Module Part)> Parts => _projector is null ? [("classifier", _classifier)] : [("projector", _projector), ("classifier", _classifier)];

    /// <returns><c>[B, C]</c>, or <c>[B, T, C]</c> where it classifies frames.</returns>
    public Tensor Classify(AudioInputs inputs)
    {
        using var scope = NewDisposeScope();
        var x_BTD = Vectors(inputs);
        if (_projector is null)
        {
            return _classifier.call(x_BTD).MoveToOuterDisposeScope();
        }

        x_BTD = _projector.call(x_BTD);
        var mask = _encoder.FrameMask(inputs.Mask)?.unsqueeze(2).to(x_BTD.dtype);
        var mean_BD = mask is null ? x_BTD.mean([1]) : x_BTD.mul(mask).sum(1) / mask.sum(1);
        return _classifier.call(mean_BD).MoveToOuterDisposeScope();
    }

    private Tensor Vectors(AudioInputs inputs)
    {
        if (_mixture is null)
        {
            return _encoder.Encode(inputs);
        }

        var weights = _mixture.softmax(-1);
        var layers = _encoder.EncodeLayers(inputs);
        return stack(layers, 0).mul(weights.view(-1, 1, 1, 1)).sum([0]);
    }
}
