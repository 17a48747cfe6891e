using Heirloom.Evaluation.Statistics;

namespace Heirloom.Papers;

/// <summary>A comparison with a predicted sign: on <see cref="Measure"/>, the method is better than the baseline by more than <see cref="Margin"/>.</summary>
public sealed record Finding
{
    /// <summary>What the published work says, in a few words.</summary>
    public required string Claim { get; init; }

    /// <summary>Name of the arm that is claimed to be better.</summary>
    public required string Method { get; init; }

    /// <summary>Name of the arm that it is held against; null when <see cref="Constant"/> is given.</summary>
    public string? Baseline { get; init; }

    /// <summary>A fixed bound in place of a baseline arm (chance level, a tolerance).</summary>
    public double? Constant { get; init; }

    /// <summary>Name of the measurement.</summary>
    public required string Measure { get; init; }

    /// <summary>How much better it must be, in the measure's unit; negative for "no worse than by so much".</summary>
    public double Margin { get; init; }

    /// <summary>Whether arms share seeds.</summary>
    public SeedDesign Design { get; init; } = SeedDesign.Paired;
}
