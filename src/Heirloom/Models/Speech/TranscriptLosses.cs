using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>−log of the probability of transcripts, over all ways in which frames can spell them (Graves et al. 2006, equation 3).</summary>
internal static class TranscriptLosses
{
    /// <param name="logits"><c>[B, T', V]</c></param>
    /// <param name="mask"><c>[B, S]</c> bool over samples; null when nothing is padded.</param>
    /// <param name="frames">Frames of so many samples.</param>
    /// <param name="labels"><c>[B, N]</c> int64, anything below 0 past a transcript's end.</param>
    /// <param name="blank">The symbol that stands for none.</param>
    /// <param name="ignoreImpossible">Whether a recording with too few frames counts as 0 instead of as infinite.</param>
    /// <param name="reduction">Over the batch.</param>
    public static Tensor Of(Tensor logits, Tensor? mask, Func<long, long> frames, Tensor labels, int blank, bool ignoreImpossible, TranscriptionReduction reduction)
    {
        using var scope = NewDisposeScope();
        var real = labels.ge(KeptScalar.Zero);
        var lengths = mask is null ? full(logits.shape[0], logits.shape[1], dtype: ScalarType.Int64) : AudioFrames.Lengths(mask, frames);
        var chances_TBV = logits.to(ScalarType.Float32).log_softmax(-1).transpose(0, 1);
        return nn.functional.ctc_loss(chances_TBV, labels.masked_select(real), lengths, real.sum(1).cpu(), blank, ignoreImpossible,
            reduction == TranscriptionReduction.Sum ? nn.Reduction.Sum : nn.Reduction.Mean).MoveToOuterDisposeScope();
    }
}
