using System.Collections.Immutable;

namespace Heirloom.Papers;

/// <summary>Which way is better.</summary>
public enum Better
{
    Higher,
    Lower,
}

/// <summary>What a table says of a measurement.</summary>
public record MeasurementInfo(string Name, Better Better)
{
    /// <summary>nats/token, accuracy, …; empty for a plain number.</summary>
    public string Unit { get; init; } = "";
}

/// <summary>The one yardstick laid against every arm.</summary>
/// <param name="Name">Short, as it stands in tables.</param>
/// <param name="Better">Which way is better.</param>
/// <param name="Of">Scores one value per test example, or a single value.</param>
public sealed record Measurement<TSettings, TSubject>(string Name, Better Better, Func<TSubject, Trial<TSettings>, double[]> Of)
    : MeasurementInfo(Name, Better)
    where TSettings : PaperSettings
{
    /// <summary>
    /// True when every seed is scored on the same examples in the same order, which makes examples a factor of the bootstrap; false when each
    /// seed has examples of its own, which are then averaged.
    /// </summary>
    public bool SameExamples { get; init; } = true;

    /// <summary>The arms that it applies to; empty for all.</summary>
    public ImmutableArray<string> Only { get; init; } = [];

    internal bool AppliesTo(string arm) => Only.IsDefaultOrEmpty || Only.Contains(arm);
}
