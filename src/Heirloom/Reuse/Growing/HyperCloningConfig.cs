using System.ComponentModel.DataAnnotations;

namespace Heirloom.Reuse.Growing;

/// <summary>How a cloned projection's weight is laid out over the copies of its inputs and outputs.</summary>
public enum CloningVariant
{
    /// <summary>Every block is W/n.</summary>
    Symmetric,

    /// <summary>Blocks on the diagonal are W, the others zero.</summary>
    Diagonal,

    /// <summary>Symmetric, with noise that cancels over equal inputs.</summary>
    NoisySymmetric,

    /// <summary>Diagonal, with noise that cancels over equal inputs.</summary>
    NoisyDiagonal,
}

/// <summary>Settings of <see cref="HyperCloning"/>.</summary>
public sealed record HyperCloningConfig : IExample<HyperCloningConfig>
{
    public static HyperCloningConfig Example => new();

    /// <summary>n: how many times as wide the clone is.</summary>
    [Range(2, 64)]
    public int Factor { get; init; } = 2;

    public CloningVariant Variant { get; init; } = CloningVariant.NoisySymmetric;

    /// <summary>Decibels by which the power of a non-zero block is above the noise's, in the noisy variants.</summary>
    [Range(-60.0, 200.0)]
    public double SignalToNoise { get; init; } = 10;
}
