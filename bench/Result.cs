using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heirloom.Bench;

/// <summary>A comparison in figures, as <c>--json</c> prints it.</summary>
/// <param name="Name">The job's.</param>
/// <param name="Unit">Of the speeds.</param>
/// <param name="Ours">Median speed.</param>
/// <param name="Stock">Median speed of the straightforward code; null where there is none.</param>
/// <param name="Ratio">Median over rounds of ours over stock.</param>
/// <param name="Low">Least ratio of a round.</param>
/// <param name="High">Greatest ratio of a round.</param>
/// <param name="PeakShare">Ours over what the machine's peak allows; null where nothing bounds the work so.</param>
internal sealed record Result(string Name, string Unit, double Ours, double? Stock, double? Ratio, double? Low, double? High, double? PeakShare)
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Result Of(Comparison comparison)
    {
        var ours = Rounded(comparison.Median(Comparison.Ours));
        var share = comparison.Peak is { } peak ? Rounded(comparison.Median(Comparison.Ours) / peak) : (double?)null;
        if (!comparison.Speeds.ContainsKey(Comparison.Stock))
        {
            return new(comparison.Name, comparison.Unit, ours, null, null, null, null, share);
        }

        var (ratio, low, high) = comparison.Ratio(Comparison.Stock);
        return new(comparison.Name, comparison.Unit, ours, Rounded(comparison.Median(Comparison.Stock)), Rounded(ratio), Rounded(low), Rounded(high), share);
    }

    public static string ToJson(IEnumerable<Result> results) => JsonSerializer.Serialize(results, s_json);

    /// <summary>Four digits are more than a measurement has.</summary>
    internal static double Rounded(double value) => value == 0 || !double.IsFinite(value) ? value
        : Math.Round(value / Scale(value), 4) * Scale(value) is var rounded && Math.Abs(rounded) >= 1000 ? Math.Round(rounded) : Math.Round(rounded, 6);

    private static double Scale(double value) => Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) + 1);
}

/// <summary>A result with where and when it was measured, as the committed file has it.</summary>
internal sealed record Recorded([property: JsonPropertyOrder(-1)] string Machine, string Code, DateOnly Date, Result Result, IReadOnlyDictionary<string, double[]> Beside);
