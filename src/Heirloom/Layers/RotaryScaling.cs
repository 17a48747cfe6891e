using System.ComponentModel.DataAnnotations;

namespace Heirloom.Layers;

/// <summary>How rotary positions reach beyond the length at which a model was pretrained: by turning slower.</summary>
public abstract record RotaryScalingConfig : Kinded
{
    /// <summary>How many times longer.</summary>
    [Range(1.0, 1e6)]
    public required double Factor { get; init; }

    /// <summary>Whether angles depend on the length of the whole sequence.</summary>
    internal virtual bool DependsOnLength => false;

    /// <summary>Factor on cosines and sines.</summary>
    internal virtual double Magnitude => 1;

    /// <summary>Angle a position of each pair of coordinates.</summary>
    /// <param name="width">Rotated coordinates of a head.</param>
    /// <param name="theta">The base.</param>
    /// <param name="length">Positions of the whole sequence.</param>
    internal abstract double[] Frequencies(int width, double theta, long length);

    /// <summary>Those without scaling: <c>θ^(−2i/R)</c>.</summary>
    internal static double[] Plain(int width, double theta) => [.. Enumerable.Range(0, width / 2).Select(i => Math.Pow(theta, -2.0 * i / width))];
}

/// <summary>All angles are divided by the factor (Chen et al. 2023, position interpolation).</summary>
[Kind("linear")]
public sealed record LinearRotaryScalingConfig : RotaryScalingConfig, IExample<LinearRotaryScalingConfig>
{
    public static LinearRotaryScalingConfig Example => new() { Factor = 2 };

    internal override double[] Frequencies(int width, double theta, long length) => [.. Plain(width, theta).Select(f => f / Factor)];
}

/// <summary>The base grows with the sequence once it is longer than in pretraining ("dynamic NTK", as Peng et al. 2024, appendix B.1, describe it).</summary>
/// <remarks>Keys that a cache holds keep the angles of the length at which they were read, as published implementations have it.</remarks>
[Kind("dynamic")]
public sealed record DynamicRotaryScalingConfig : RotaryScalingConfig, IExample<DynamicRotaryScalingConfig>
{
    public static DynamicRotaryScalingConfig Example => new() { Factor = 2, OriginalLength = 16 };

    /// <summary>Longest sequence of pretraining.</summary>
    [Range(1, int.MaxValue)]
    public required int OriginalLength { get; init; }

    internal override bool DependsOnLength => true;

    /// <exception cref="UserError">Only one pair is rotated, whose angle does not depend on the base.</exception>
    internal override double[] Frequencies(int width, double theta, long length)
    {
        if (width <= 2)
        {
            throw new UserError("dynamic scaling changes the base, which a single pair of coordinates does not see", "positions.scaling", "rotate more coordinates");
        }

        var longer = Math.Max(length, OriginalLength);
        return Plain(width, theta * Math.Pow((Factor * longer / OriginalLength) - (Factor - 1), width / (width - 2.0)));
    }
}

/// <summary>Slow pairs turn slower by the factor, fast ones stay, those between are mixed (Llama 3.1; Grattafiori et al. 2024).</summary>
[Kind("llama3")]
public sealed record Llama3RotaryScalingConfig : RotaryScalingConfig, IExample<Llama3RotaryScalingConfig>
{
    public static Llama3RotaryScalingConfig Example => new() { Factor = 8, OriginalLength = 16 };

    /// <summary>Longest sequence of pretraining.</summary>
    [Range(1, int.MaxValue)]
    public required int OriginalLength { get; init; }

    /// <summary>Pairs that turn at most so often within the original length are slowed in full.</summary>
    [Range(1e-6, 1e6)]
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Pairs that turn at least so often stay.</summary>
    [Range(1e-6, 1e6)]
    public double HighFrequencyFactor { get; init; } = 4;

    /// <exception cref="UserError">The bounds are not in order.</exception>
    internal override double[] Frequencies(int width, double theta, long length) => LowFrequencyFactor < HighFrequencyFactor
        ? [.. Plain(width, theta).Select(frequency =>
        {
            var turns = OriginalLength * frequency / (2 * Math.PI);
            var kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
            return (kept * frequency) + ((1 - kept) * frequency / Factor);
        })]
        : throw new UserError($"low_frequency_factor {LowFrequencyFactor} is not below high_frequency_factor {HighFrequencyFactor}", "positions.scaling");
}

/// <summary>YaRN (Peng et al. 2024, section 3): interpolates slow pairs, keeps fast ones, ramps between by pair, and sharpens attention.</summary>
[Kind("yarn")]
public sealed record YarnRotaryScalingConfig : RotaryScalingConfig, IExample<YarnRotaryScalingConfig>
{
    public static YarnRotaryScalingConfig Example => new() { Factor = 4, OriginalLength = 16 };

    /// <summary>Longest sequence of pretraining (L in the paper).</summary>
    [Range(1, int.MaxValue)]
    public required int OriginalLength { get; init; }

    /// <summary>Factor on cosines and sines (√(1/t) in equation 22); null for <c>0.1 ln(factor) + 1</c>.</summary>
    [Range(1e-6, 1e6)]
    public double? AttentionFactor { get; init; }

    /// <summary>β: pairs that turn at least so often within the original length stay.</summary>
    [Range(1e-6, 1e6)]
    public double BetaFast { get; init; } = 32;

    /// <summary>α: pairs that turn at most so often are slowed in full.</summary>
    [Range(1e-6, 1e6)]
    public double BetaSlow { get; init; } = 1;

    /// <summary>Whether the ramp starts and ends at whole pairs.</summary>
    public bool Truncate { get; init; } = true;

    internal override double Magnitude => AttentionFactor ?? ((0.1 * Math.Log(Factor)) + 1);

    internal override double[] Frequencies(int width, double theta, long length)
    {
        // the pair that turns so often within the original length
        double Pair(double turns) => width * Math.Log(OriginalLength / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
        var (first, last) = (Pair(BetaFast), Pair(BetaSlow));
        if (Truncate)
        {
            (first, last) = (Math.Floor(first), Math.Ceiling(last));
        }

        (first, last) = (Math.Max(first, 0), Math.Min(last, width - 1));
        var ramp = first == last ? 0.001 : last - first;
        return [.. Plain(width, theta).Select((frequency, i) =>
        {
            var slowed = Math.Clamp((i - first) / ramp, 0, 1);
            return ((1 - slowed) * frequency) + (slowed * frequency / Factor);
        })];
    }
}
