using Heirloom.Layers.Kernels;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Dropout (Srivastava et al. 2014): in a training step by masks that are made on all cores, each from its own place in the step's stream.</summary>
public static class Dropping
{
    /// <summary>Zeros for a share of the numbers, the others scaled so that the mean stays.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="rate">In [0, 1).</param>
    /// <param name="training">Whether to drop at all.</param>
    public static Tensor Apply(Tensor x, double rate, bool training) =>
        !training || rate == 0 ? x
        : FirstOrder.Holds && Lanes.Covers(x) ? FusedDropout.Of(x, Mask(rate))
        : nn.functional.dropout(x, rate);

    /// <summary>A mask of the step under way that no other use has.</summary>
    internal static DropoutMask Mask(double rate) => new(rate, rate == 0 ? default : FirstOrder.NextStream());
}
