using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>Samples to frames.</summary>
public static class AudioFrames
{
    /// <summary>Frames of each recording of a batch.</summary>
    /// <param name="mask"><c>[B, S]</c> bool, true on real samples.</param>
    /// <param name="frames">Frames of so many samples.</param>
    /// <returns><c>[B]</c> int64 on the CPU, at least 1.</returns>
    public static Tensor Lengths(Tensor mask, Func<long, long> frames)
    {
        using var scope = NewDisposeScope();
        // padding after the samples, not between them: a recording is as long as it has real samples
        var samples = mask.to(ScalarType.Int64).sum(1).cpu().data<long>().ToArray();
        return tensor([.. samples.Select(length => Math.Max(frames(length), 1))], dtype: ScalarType.Int64).MoveToOuterDisposeScope();
    }

    /// <summary>Which frames are of real samples.</summary>
    /// <param name="mask"><c>[B, S]</c> bool, true on real samples.</param>
    /// <param name="frames">Frames of so many samples.</param>
    /// <returns><c>[B, T]</c> bool.</returns>
    public static Tensor Mask(Tensor mask, Func<long, long> frames)
    {
        using var scope = NewDisposeScope();
        return arange(frames(mask.shape[1]), device: mask.device).unsqueeze(0).lt(Lengths(mask, frames).to(mask.device).unsqueeze(1)).MoveToOuterDisposeScope();
    }
}
