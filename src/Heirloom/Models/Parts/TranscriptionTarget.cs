using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Speech;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>A symbol or the blank at each frame: connectionist temporal classification (Graves et al. 2006).</summary>
[Kind("transcription")]
public sealed record TranscriptionTargetConfig : TargetConfig, IExample<TranscriptionTargetConfig>
{
    public static TranscriptionTargetConfig Example => new() { VocabularySize = 32 };

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

    /// <exception cref="UserError">The blank is no symbol.</exception>
    internal override TranscriptionTarget Build(TargetPlace place) => Blank < VocabularySize
        ? new(this, place.Width)
        : throw new UserError($"the blank is symbol {Blank} of {VocabularySize}", "targets", "symbols count from 0");
}

/// <inheritdoc cref="TranscriptionTargetConfig"/>
public sealed class TranscriptionTarget : Target
{
    [ComponentName(Name = "head")]
    private readonly Linear _head;

    internal TranscriptionTarget(TranscriptionTargetConfig config, int width) : base(nameof(TranscriptionTarget), config)
    {
        Settings = config;
        _head = Projections.Linear(width, config.VocabularySize, bias: true);
        RegisterComponents();
    }

    public TranscriptionTargetConfig Settings { get; }

    /// <param name="hidden"><c>[B, T', D]</c></param>
    /// <returns><c>[B, T', V]</c> logits.</returns>
    public Tensor Symbols(Tensor hidden) => _head.call(Dropping.Apply(hidden, Settings.Dropout, training));
}
