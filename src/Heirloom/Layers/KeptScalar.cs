using TorchSharp;

namespace Heirloom.Layers;

/// <summary>
/// Scalars that live for ever, for operations that every step repeats. TorchSharp reads a temporary scalar's handle and lets go of it before
/// libtorch has read the value, so once in a million operations a garbage collection comes in between and libtorch reads freed memory.
/// </summary>
internal static class KeptScalar
{
    public static readonly Scalar One = 1;

    public static readonly Scalar MinusOne = -1;

    public static readonly Scalar Zero = 0;

    /// <summary>The slope of the sigmoid in <see cref="Activation.QuickGelu"/>.</summary>
    public static readonly Scalar QuickGeluSlope = 1.702;
}
