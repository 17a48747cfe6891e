using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

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
