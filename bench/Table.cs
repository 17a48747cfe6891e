using System.Globalization;
using System.Text.Json;

namespace Heirloom.Bench;

/// <summary>The committed figures: <c>results.json</c>, job by job as they were last recorded, and the table made of it.</summary>
internal static class Table
{
    private const string Json = "results.json", Markdown = "results.md";
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Puts comparisons in the place of earlier ones of their names.</summary>
    public static void Record(string folder, IEnumerable<Comparison> comparisons, DateOnly today)
    {
        var path = Path.Combine(folder, Json);
        var known = File.Exists(path) ? JsonSerializer.Deserialize<List<Recorded>>(File.ReadAllText(path), s_json)! : [];
        foreach (var comparison in comparisons)
        {
            known.RemoveAll(r => r.Result.Name == comparison.Name);
            known.Add(Of(comparison, today));
        }

        known.Sort((a, b) => string.CompareOrdinal(a.Result.Name, b.Result.Name));
        File.WriteAllText(path, JsonSerializer.Serialize(known, s_json) + "\n");
        File.WriteAllText(Path.Combine(folder, Markdown), Write(known));
    }

    internal static Recorded Of(Comparison comparison, DateOnly today) => new(
        Machine.Description,
        Machine.CodeVersion,
        today,
        Result.Of(comparison),
        comparison.Speeds.Keys.Where(side => side is not Comparison.Ours and not Comparison.Stock)
            .ToDictionary(side => side, side => new[] { comparison.Median(side), comparison.Ratio(side).Median, comparison.Ratio(side).Low, comparison.Ratio(side).High }));

    internal static string Write(IReadOnlyList<Recorded> results)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        text.WriteLine("# Measured speeds");
        text.WriteLine();
        text.WriteLine("Made by `./heirloom bench --record` from `results.json`; not edited by hand. Speeds are medians over rounds in which the sides take turns; a ratio is ours over");
        text.WriteLine("the other side's, its least and greatest round in brackets. The share is ours over what the machine's matrix products, memory or disk allow.");
        foreach (var machine in results.GroupBy(r => r.Machine))
        {
            text.WriteLine();
            text.WriteLine($"## {machine.Key}");
            text.WriteLine();
            text.WriteLine("| job | unit | ours | beside | theirs | ratio | of the peak | date | code |");
            text.WriteLine("|---|---|--:|---|--:|--:|--:|---|---|");
            foreach (var recorded in machine)
            {
                var (result, share) = (recorded.Result, recorded.Result.PeakShare is { } peak ? peak.ToString("0%", CultureInfo.InvariantCulture) : "");
                IEnumerable<(string Side, double[] Figures)> sides = result.Stock is { } stock ? [(Comparison.Stock, [stock, result.Ratio!.Value, result.Low!.Value, result.High!.Value])] : [];
                foreach (var (side, figures) in sides.Concat(recorded.Beside.Select(b => (b.Key, b.Value))).DefaultIfEmpty(("", [])))
                {
                    var ratio = figures.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{figures[1]:0.00} [{figures[2]:0.00}, {figures[3]:0.00}]");
                    text.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"| {result.Name} | {result.Unit} | {Speed(result.Ours)} | {side} | {(figures.Length == 0 ? "" : Speed(figures[0]))} | {ratio} | {share} | {recorded.Date:yyyy-MM-dd} | {recorded.Code} |"));
                }
            }
        }

        return text.ToString();
    }

    private static string Speed(double value) => value.ToString(value >= 100 ? "#,0" : "0.00", CultureInfo.InvariantCulture);
}
