using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>How the losses of a batch's recordings become one.</summary>
public enum TranscriptionReduction
{
    /// <summary>Each over the symbols of its transcript, then their mean.</summary>
    Mean,

    /// <summary>Their sum, as wav2vec 2.0 is fine-tuned.</summary>
    Sum,
}

/// <summary>A speech encoder with a symbol or the blank at each frame: connectionist temporal classification (Graves et al. 2006).</summary>
public sealed record SpeechTranscriberConfig : ModelConfig, IExample<SpeechTranscriberConfig>
{
    public static SpeechTranscriberConfig Example => new() { Encoder = SpeechEncoderConfig.Example, VocabularySize = 32 };

    /// <summary>An audio encoder.</summary>
    public required ModelConfig Encoder { get; init; }

    /// <summary>Symbols, the blank among them.</summary>
    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    /// <summary>The symbol that stands for none.</summary>
    [Range(0, int.MaxValue)]
    public int Blank { get; init; }

    /// <summary>Dropped share of the encoder's vectors.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>How its loss is taken over a batch.</summary>
    public TranscriptionReduction Reduction { get; init; } = TranscriptionReduction.Sum;

    /// <summary>Whether a recording with too few frames for its transcript counts as 0 instead of as infinite.</summary>
    public bool IgnoreImpossible { get; init; }

    /// <summary>How the head's weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig();

    /// <exception cref="UserError">The encoder hears nothing, or the blank is no symbol.</exception>
    public override SpeechTranscriber Build(Seed seed) => Over(Backbone.Build<IAudioEncoder>(Encoder, seed), seed);

    internal SpeechTranscriber Over(IAudioEncoder encoder, Seed seed)
    {
        var model = new SpeechTranscriber(encoder, this);
        Initialization.Apply(model.HeadModule, seed.For("head"));
        return model;
    }
}

/// <inheritdoc cref="SpeechTranscriberConfig"/>
public sealed class SpeechTranscriber : nn.Module, ITranscriber
{
    private readonly SpeechTranscriberConfig _config;

    [ComponentName(Name = "encoder")]
    private readonly nn.Module _encoder;

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    internal SpeechTranscriber(IAudioEncoder encoder, SpeechTranscriberConfig config) : base(nameof(SpeechTranscriber))
    {
        if (config.Blank >= config.VocabularySize)
        {
            throw new UserError($"the blank is symbol {config.Blank} of {config.VocabularySize}", "blank", "symbols count from 0");
        }

        _config = config;
        _encoder = encoder.Module;
        _head = Projections.Linear(encoder.Width, config.VocabularySize, bias: true);
        RegisterComponents();
    }

    /// <summary>A new head over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="vocabulary">Symbols, the blank among them.</param>
    /// <param name="seed">Of the head's weights.</param>
    /// <param name="blank">The symbol that stands for none.</param>
    public static SpeechTranscriber Over(IAudioEncoder encoder, int vocabulary, Seed seed, int blank = 0) =>
        new SpeechTranscriberConfig { Encoder = encoder.Config, VocabularySize = vocabulary, Blank = blank }.Over(encoder, seed);

    public ModelConfig Config => _config;

    public SpeechTranscriberConfig Settings => _config;

    public IAudioEncoder Encoder => (IAudioEncoder)_encoder;

    public int VocabularySize => _config.VocabularySize;

    public int Blank => _config.Blank;

    internal nn.Module HeadModule => _head;

    public Tensor Transcribe(AudioInputs inputs)
    {
        using var scope = NewDisposeScope();
        var x = Encoder.Encode(inputs);
        x = Dropping.Apply(x, _config.Dropout, training);
        return _head.call(x).MoveToOuterDisposeScope();
    }

    public Tensor TranscriptLoss(Tensor logits, Tensor? mask, Tensor labels) =>
        TranscriptLosses.Of(logits, mask, Encoder.OutputFrames, labels, Blank, _config.IgnoreImpossible, _config.Reduction);
}
