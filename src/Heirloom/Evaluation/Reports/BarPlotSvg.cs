using System.Globalization;

namespace Heirloom.Evaluation.Reports;

/// <summary>Draws a <see cref="BarPlot"/>: as high as its rows need, whatever <see cref="Plot.Height"/> says.</summary>
internal static class BarPlotSvg
{
    private const double Row = 26;

    public static string Draw(BarPlot plot)
    {
        var svg = new Svg();
        svg.Text(14, 22, plot.Title, "h");
        var groups = plot.Bars.Select(b => b.Group).Distinct().ToList();
        var legend = groups.Count > 1 ? svg.Legend([.. groups.Select(g => (g, Mark.Points))], 14, 32, plot.Width - 14) : 0;
        var top = 40 + legend;
        var bottom = top + (plot.Bars.Length * Row) + 4;
        var left = 14 + Math.Min(plot.Width * 0.45, plot.Bars.Select(b => Svg.WidthOf(b.Label)).DefaultIfEmpty(0).Max()) + 10;
        var x = Axis.Over(plot.Bars.SelectMany(b => new[] { b.Value, b.Low ?? b.Value, b.High ?? b.Value }), false, left, plot.Width - 70, zero: true);
        foreach (var (value, label) in x.Ticks(6))
        {
            svg.Line(x.At(value), top, x.At(value), bottom, value == 0 ? "axis" : "grid");
            svg.Text(x.At(value), bottom + 16, label, "m", "middle");
        }

        for (var i = 0; i < plot.Bars.Length; i++)
        {
            var bar = plot.Bars[i];
            var middle = top + (i * Row) + (Row / 2);
            svg.Text(left - 8, middle + 4, bar.Label, "t", "end");
            if (!double.IsFinite(bar.Value))
            {
                svg.Text(x.At(0) + 6, middle + 4, "not finite", "m");
                continue;
            }

            var (a, b) = (x.At(Math.Min(0, bar.Value)), x.At(Math.Max(0, bar.Value)));
            var interval = bar is { Low: { } l, High: { } h } ? string.Create(CultureInfo.InvariantCulture, $" [{l:g4}, {h:g4}]") : "";
            svg.Rectangle(a, middle - 8, b - a, 16, $"f{groups.IndexOf(bar.Group) % Svg.Colors}", string.Create(CultureInfo.InvariantCulture, $"{bar.Label}: {bar.Value:g5}{interval}"));
            var end = b;
            if (bar is { Low: { } low, High: { } high } && double.IsFinite(low) && double.IsFinite(high))
            {
                svg.Line(x.At(low), middle, x.At(high), middle, "whisker");
                svg.Line(x.At(low), middle - 4, x.At(low), middle + 4, "whisker");
                svg.Line(x.At(high), middle - 4, x.At(high), middle + 4, "whisker");
                end = Math.Max(end, x.At(high));
            }

            svg.Text(end + 6, middle + 4, bar.Value.ToString("G4", CultureInfo.InvariantCulture), "m");
        }

        svg.Text((left + plot.Width - 70) / 2, bottom + 36, plot.XLabel, "t", "middle");
        return svg.Finish(plot.Width, (int)(bottom + (plot.XLabel.Length > 0 ? 46 : 26)), plot.Title);
    }
}
