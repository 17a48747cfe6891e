using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>One label (or number) for a sequence.</summary>
public sealed record SequenceClassifierConfig : ModelConfig, IExample<SequenceClassifierConfig>
{
    public static SequenceClassifierConfig Example => new() { Encoder = DecoderConfig.Llama(32, 16, 16, 1, 2), Classes = 3, Pooling = Pooling.Last };

    /// <summary>A token encoder: any language model.</summary>
    public required ModelConfig Encoder { get; init; }

    /// <summary>Outputs; 1 for regression.</summary>
    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>Dropped share of the pooled vector.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>How the classifier's weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <exception cref="UserError">The encoder reads no tokens, or has not the pooler asked for.</exception>
    public override SequenceClassifier Build(Seed seed) => Over(Backbone.Build<ITokenEncoder>(Encoder, seed), seed);

    internal SequenceClassifier Over(ITokenEncoder encoder, Seed seed)
    {
        var model = new SequenceClassifier(encoder, this);
        Initialization.Apply(model.Classifier, seed.For("classifier"));
        return model;
    }
}

/// <summary>Pools a token encoder's vectors and classifies them linearly.</summary>
public sealed class SequenceClassifier : nn.Module, IClassifier<TokenInputs>
{
    private readonly SequenceClassifierConfig _config;

    [ComponentName(Name = "encoder")]
    private readonly nn.Module _encoder;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    internal SequenceClassifier(ITokenEncoder encoder, SequenceClassifierConfig config) : base(nameof(SequenceClassifier))
    {
        config.Pooling.Check(encoder);
        _config = config;
        _encoder = encoder.Module;
        _classifier = Projections.Linear(encoder.Width, config.Classes, bias: true);
        RegisterComponents();
    }

    /// <summary>A new classifier over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="classes">Outputs; 1 for regression.</param>
    /// <param name="seed">Of the classifier's weights.</param>
    /// <param name="pooling">How a sequence's vectors become one.</param>
    /// <param name="dropout">Dropped share of the pooled vector.</param>
    /// <exception cref="UserError">The encoder has not the pooler asked for.</exception>
    public static SequenceClassifier Over(ITokenEncoder encoder, int classes, Seed seed, Pooling pooling = Pooling.Mean, double dropout = 0) =>
        new SequenceClassifierConfig { Encoder = encoder.Config, Classes = classes, Pooling = pooling, Dropout = dropout }.Over(encoder, seed);

    public ModelConfig Config => _config;

    public ITokenEncoder Encoder => (ITokenEncoder)_encoder;

    public int Classes => _config.Classes;

    internal nn.Module Classifier => _classifier;

    /// <returns><c>[B, C]</c></returns>
    public Tensor Classify(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var pooled_BD = _config.Pooling.Apply(Encoder, Encoder.Encode(inputs), inputs.Mask);
        pooled_BD = training && _config.Dropout > 0 ? nn.functional.dropout(pooled_BD, _config.Dropout) : pooled_BD;
        return _classifier.call(pooled_BD).MoveToOuterDisposeScope();
    }
}
