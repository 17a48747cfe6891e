using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>What a speech model reads.</summary>
/// <param name="Samples"><c>[B, S]</c>: the waveform, scaled as the model was trained on (mostly to mean 0 and variance 1).</param>
public sealed record AudioInputs(Tensor Samples)
{
    /// <summary><c>[B, S]</c> bool, true on real samples, which come first in each row; null when nothing is padded.</summary>
    public Tensor? Mask { get; init; }

    /// <summary><c>[B, T]</c> bool over the model's frames: those that it must do without, for training; null for none.</summary>
    public Tensor? HiddenFrames { get; init; }

    /// <summary><c>[B, D]</c> bool over the model's width: coordinates that are set to 0, for training; null for none.</summary>
    public Tensor? HiddenChannels { get; init; }
}
