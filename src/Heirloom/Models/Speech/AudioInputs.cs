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

/// <summary>Speech to contextual vectors, one a frame.</summary>
public interface IAudioEncoder : IModel
{
    int Width { get; }

    /// <summary>What its training hides.</summary>
    SpanMaskingConfig Masking { get; }

    /// <returns><c>[B, T', D]</c>, in which T' is that of <see cref="OutputFrames"/>.</returns>
    Tensor Encode(AudioInputs inputs);

    /// <summary>Frames inside the model (those that training hides) of recordings of so many samples.</summary>
    long Frames(long samples);

    /// <summary>Frames that come out of recordings of so many samples; fewer than inside where the model ends in an adapter that strides.</summary>
    long OutputFrames(long samples);
}

/// <summary>Writes down what it hears: a symbol or the blank at each frame (Graves et al. 2006).</summary>
public interface ITranscriber : IModel
{
    /// <summary>What it listens with.</summary>
    IAudioEncoder Encoder { get; }

    /// <summary>Symbols, the blank among them.</summary>
    int VocabularySize { get; }

    /// <summary>The symbol that stands for none.</summary>
    int Blank { get; }

    /// <returns><c>[B, T', V]</c> logits.</returns>
    Tensor Transcribe(AudioInputs inputs);

    /// <summary>−log of the probability of transcripts, over all ways in which frames can spell them (Graves et al. 2006, equation 3).</summary>
    /// <param name="logits"><c>[B, T', V]</c></param>
    /// <param name="mask"><c>[B, S]</c> bool over samples; null when nothing is padded.</param>
    /// <param name="labels"><c>[B, N]</c> int64, anything below 0 past a transcript's end.</param>
    /// <returns>A scalar, over the batch as the model's settings say.</returns>
    Tensor TranscriptLoss(Tensor logits, Tensor? mask, Tensor labels);
}
