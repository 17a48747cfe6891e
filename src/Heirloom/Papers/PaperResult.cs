using System.Collections.Immutable;

namespace Heirloom.Papers;

/// <summary>A measured result as it is committed under <c>docs/results/</c>: everything needed to run it again and to hold it against another.</summary>
public sealed record PaperResult
{
    public required int Id { get; init; }

    public required string Title { get; init; }

    public required string Profile { get; init; }

    /// <summary>The settings used, as YAML.</summary>
    public required string Settings { get; init; }

    public required string SettingsHash { get; init; }

    /// <summary>The root seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Repetitions.</summary>
    public required int Seeds { get; init; }

    public required string Commit { get; init; }

    public required string Machine { get; init; }

    public required string Date { get; init; }

    public required double Seconds { get; init; }

    public required ImmutableArray<FindingResult> Findings { get; init; }

    public required ImmutableArray<ArmScore> Arms { get; init; }

    public ImmutableArray<CurvePoint> Curves { get; init; } = [];

    /// <summary><c>reproduced</c> when every finding is.</summary>
    public string Verdict => Findings.All(f => f.Verdict == "reproduced") ? "reproduced" : "not-reproduced";
}

/// <summary>A verdict as data. Infinite ends of an interval are null; the p-value is against an effect of <c>Margin</c>.</summary>
public sealed record FindingResult(
    string Claim, string Measure, string Unit, string Better, string Method, string Baseline,
    double MethodMean, double BaselineMean, double Margin,
    double Effect, double? Low, double? High, double PValue, string Verdict, string Reason)
{
    public static FindingResult Of(Verdict verdict, MeasurementInfo measure) => new(
        verdict.Finding.Claim,
        measure.Name,
        measure.Unit,
        measure.Better is Papers.Better.Higher ? "higher" : "lower",
        verdict.Finding.Method,
        verdict.Finding.Baseline ?? $"the value {verdict.Finding.Constant:G4}",
        verdict.MethodMean,
        verdict.BaselineMean,
        verdict.Finding.Margin,
        verdict.Effect.Estimate,
        double.IsFinite(verdict.Effect.Low) ? verdict.Effect.Low : null,
        double.IsFinite(verdict.Effect.High) ? verdict.Effect.High : null,
        verdict.Effect.PValue,
        verdict.Name,
        verdict.Reason);
}
