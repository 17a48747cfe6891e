using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>One label for each token.</summary>
public sealed record TokenClassifierConfig : ModelConfig, IExample<TokenClassifierConfig>
{
    public static TokenClassifierConfig Example => new() { Encoder = DecoderConfig.Gpt2(32, 16, 16, 1, 2), Classes = 3 };

    /// <summary>A token encoder: any language model.</summary>
    public required ModelConfig Encoder { get; init; }

    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    /// <summary>Dropped share of the vectors.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>How the classifier's weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <exception cref="UserError">The encoder reads no tokens.</exception>
    public override TokenClassifier Build(Seed seed) => Over(Backbone.Build<ITokenEncoder>(Encoder, seed), seed);

    internal TokenClassifier Over(ITokenEncoder encoder, Seed seed)
    {
        var model = new TokenClassifier(encoder, this);
        Initialization.Apply(model.Classifier, seed.For("classifier"));
        return model;
    }
}

/// <summary>Classifies each of a token encoder's vectors linearly.</summary>
public sealed class TokenClassifier : nn.Module, IClassifier<TokenInputs>
{
    private readonly TokenClassifierConfig _config;

    [ComponentName(Name = "encoder")]
    private readonly nn.Module _encoder;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    internal TokenClassifier(ITokenEncoder encoder, TokenClassifierConfig config) : base(nameof(TokenClassifier))
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
    /// <param name="dropout">Dropped share of the vectors.</param>
    public static TokenClassifier Over(ITokenEncoder encoder, int classes, Seed seed, double dropout = 0) =>
        new TokenClassifierConfig { Encoder = encoder.Config, Classes = classes, Dropout = dropout }.Over(encoder, seed);

    public ModelConfig Config => _config;

    public ITokenEncoder Encoder => (ITokenEncoder)_encoder;

    public int Classes => _config.Classes;

    internal nn.Module Classifier => _classifier;

    /// <returns><c>[B, T, C]</c></returns>
    public Tensor Classify(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var hidden_BTD = Encoder.Encode(inputs);
        hidden_BTD = training && _config.Dropout > 0 ? nn.functional.dropout(hidden_BTD, _config.Dropout) : hidden_BTD;
        return _classifier.call(hidden_BTD).MoveToOuterDisposeScope();
    }
}
