using Heirloom.Evaluation.Reports;

namespace Heirloom.Papers;

/// <summary>Results as pages to look at: verdicts with intervals, every arm, and the curves that trials recorded.</summary>
public static class ResultsGallery
{
    /// <summary>One page for all results.</summary>
    public static HtmlReport Page(IReadOnlyList<PaperResult> results)
    {
        var page = new HtmlReport("Published systems, measured here")
            .Paragraph("An effect is how much better the method is than the baseline, in the measure's unit; bars show 95% intervals. Verdicts are computed from them.");
        foreach (var result in results)
        {
            Add(page, result);
        }

        return page;
    }

    /// <summary>One page for one result.</summary>
    public static HtmlReport Page(PaperResult result) => Add(new($"{result.Id}. {result.Title}"), result);

    /// <summary>The effects of a result's findings, those of one unit side by side.</summary>
    public static IEnumerable<BarPlot> Effects(PaperResult result) => result.Findings.GroupBy(f => f.Unit).Select(unit => new BarPlot
    {
        Title = $"Paper {result.Id}: effects{(unit.Key.Length > 0 ? $", {unit.Key}" : "")}",
        XLabel = unit.Key,
        Bars = [.. unit.Select(f => new Bar($"{f.Claim} ({f.Measure})", f.Effect, f.Low, f.High) { Group = f.Verdict })],
    });

    private static HtmlReport Add(HtmlReport page, PaperResult result)
    {
        page.Heading($"{result.Id}. {result.Title}")
            .Paragraph($"{result.Verdict}: profile {result.Profile}, {result.Seeds} seeds from {result.Seed}, {result.Seconds:F0} s on {result.Machine}, {result.Date}, code {result.Commit}, settings {result.SettingsHash}.")
            .Table(
                ["claim", "measure", "method", "baseline", "effect", "interval", "verdict"],
                result.Findings.Select(f => (IReadOnlyList<string>)
                    [f.Claim, f.Measure, $"{f.Method}: {f.MethodMean:G4}", $"{f.Baseline}: {f.BaselineMean:G4}", $"{f.Effect:+0.####;-0.####;0}", $"{f.Low:G4} … {f.High:G4}", f.Reason.Length > 0 ? $"{f.Verdict}: {f.Reason}" : f.Verdict]));
        foreach (var plot in Effects(result))
        {
            page.Figure(plot);
        }

        foreach (var plot in Curves(result))
        {
            page.Figure(plot);
        }

        return page.Folded("Settings", result.Settings);
    }

    /// <summary>Curves averaged over seeds, with the band of their extremes.</summary>
    private static IEnumerable<XYPlot> Curves(PaperResult result) => result.Curves.GroupBy(p => p.Curve).Select(curve => new XYPlot
    {
        Title = curve.Key,
        Series = [.. curve.GroupBy(p => p.Arm).Select(arm =>
        {
            var points = arm.GroupBy(p => p.X).OrderBy(g => g.Key).ToList();
            return new Series(arm.Key, [.. points.Select(g => g.Key)], [.. points.Select(g => g.Average(p => p.Y))])
            {
                Low = [.. points.Select(g => g.Min(p => p.Y))],
                High = [.. points.Select(g => g.Max(p => p.Y))],
            };
        })],
    });
}
