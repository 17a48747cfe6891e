using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>A masked language model with a head for how a row's two texts relate (Devlin et al. 2019).</summary>
public sealed record NextSentenceLMConfig : ModelConfig, IExample<NextSentenceLMConfig>
{
    public static NextSentenceLMConfig Example => new() { Encoder = EncoderConfig.Bert(32, 16, 16, 1, 2) with { Pooler = true } };

    /// <summary>A masked language model with a pooler.</summary>
    public required ModelConfig Encoder { get; init; }

    /// <summary>Relations.</summary>
    [Range(1, int.MaxValue)]
    public int Classes { get; init; } = 2;

    /// <summary>How the head's weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <exception cref="UserError">The encoder predicts no hidden tokens, or has no pooler.</exception>
    public override NextSentenceLM Build(Seed seed)
    {
        var model = new NextSentenceLM(Backbone.Build<IMaskedLM>(Encoder, seed), this);
        Initialization.Apply(model.Classifier, seed.For("classifier"));
        return model;
    }
}

/// <summary>Its encoder predicts hidden tokens; the encoder's pooled first vector is classified linearly.</summary>
public sealed class NextSentenceLM : nn.Module, ISentencePairLM
{
    private readonly NextSentenceLMConfig _config;

    [ComponentName(Name = "encoder")]
    private readonly nn.Module _encoder;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    internal NextSentenceLM(IMaskedLM encoder, NextSentenceLMConfig config) : base(nameof(NextSentenceLM))
    {
        Pooling.Pooler.Check(encoder);
        (_config, _encoder) = (config, encoder.Module);
        _classifier = Projections.Linear(encoder.Width, config.Classes, bias: true);
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public IMaskedLM Encoder => (IMaskedLM)_encoder;

    public int Classes => _config.Classes;

    public int Width => Encoder.Width;

    public int VocabularySize => Encoder.VocabularySize;

    public int ContextLength => Encoder.ContextLength;

    internal nn.Module Classifier => _classifier;

    public Tensor Encode(TokenInputs inputs) => Encoder.Encode(inputs);

    public Tensor Head(Tensor hidden) => Encoder.Head(hidden);

    public Tensor Relation(Tensor hidden_BTD, TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        return _classifier.call(Pooling.Pooler.Apply(Encoder, hidden_BTD, inputs.Mask)).MoveToOuterDisposeScope();
    }
}
