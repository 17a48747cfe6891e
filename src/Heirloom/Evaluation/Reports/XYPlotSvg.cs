using System.Globalization;

namespace Heirloom.Evaluation.Reports;

/// <summary>Draws an <see cref="XYPlot"/>.</summary>
internal static class XYPlotSvg
{
    /// <summary>More points than pixels only make the file heavy.</summary>
    private const int MostPoints = 800;

    public static string Draw(XYPlot plot)
    {
        var svg = new Svg();
        svg.Text(14, 22, plot.Title, "h");
        var legend = svg.Legend([.. plot.Series.Where(s => s.Name.Length > 0).Select(s => (s.Name, s.Mark))], 14, 32, plot.Width - 14);
        double top = 40 + legend, bottom = plot.Height - (plot.XLabel.Length > 0 ? 46 : 30), right = plot.Width - 16;
        var y = Axis.Over(plot.Series.SelectMany(s => s.Y.Concat(s.Low ?? []).Concat(s.High ?? [])), plot.LogY, bottom, top);
        var ticks = y.Ticks(Math.Max(2, (int)((bottom - top) / 45)));
        var left = 14 + ticks.Select(t => Svg.WidthOf(t.Label)).DefaultIfEmpty(0).Max() + 8 + (plot.YLabel.Length > 0 ? 18 : 0);
        var x = Axis.Over(plot.Series.SelectMany(s => s.X), plot.LogX, left, right);
        foreach (var (value, label) in ticks)
        {
            svg.Line(left, y.At(value), right, y.At(value), "grid");
            svg.Text(left - 6, y.At(value) + 4, label, "m", "end");
        }

        foreach (var (value, label) in x.Ticks(Math.Max(2, (int)((right - left) / 85))))
        {
            svg.Line(x.At(value), bottom, x.At(value), bottom + 4, "axis");
            svg.Text(x.At(value), bottom + 18, label, "m", "middle");
        }

        svg.Line(left, bottom, right, bottom, "axis");
        svg.Text((left + right) / 2, plot.Height - 10, plot.XLabel, "t", "middle");
        svg.Text(20, (top + bottom) / 2, plot.YLabel, "t", "middle", -90);
        for (var i = 0; i < plot.Series.Length; i++)
        {
            DrawBand(svg, plot.Series[i], x, y, i % Svg.Colors);
        }

        for (var i = 0; i < plot.Series.Length; i++)
        {
            DrawSeries(svg, plot.Series[i], x, y, i % Svg.Colors);
        }

        return svg.Finish(plot.Width, plot.Height, plot.Title);
    }

    private static void DrawBand(Svg svg, Series series, Axis x, Axis y, int color)
    {
        if (series is not { Low: { } low, High: { } high })
        {
            return;
        }

        var kept = Enumerable.Range(0, series.X.Count).Where(i => x.Holds(series.X[i]) && y.Holds(low[i]) && y.Holds(high[i])).ToList();
        if (series.Mark == Mark.Points)
        {
            kept.ForEach(i => svg.Line(x.At(series.X[i]), y.At(low[i]), x.At(series.X[i]), y.At(high[i]), $"s{color}"));
        }
        else if (kept.Count > 1)
        {
            var edge = kept.Chunk(Math.Max(1, kept.Count * 2 / MostPoints)).Select(c =>
                (X: x.At(c.Average(i => series.X[i])), Low: y.At(c.Min(i => low[i])), High: y.At(c.Max(i => high[i])))).ToList();
            svg.Path(edge.Select(e => (e.X, e.High)).Concat(edge.AsEnumerable().Reverse().Select(e => (e.X, e.Low))), $"b{color}", closed: true);
        }
    }

    private static void DrawSeries(Svg svg, Series series, Axis x, Axis y, int color)
    {
        var points = series.X.Zip(series.Y).Where(p => x.Holds(p.First) && y.Holds(p.Second)).ToList();
        if (series.Mark == Mark.Points || points.Count == 1)
        {
            foreach (var (a, b) in points)
            {
                svg.Circle(x.At(a), y.At(b), points.Count > 200 ? 2 : 3.5, $"f{color}", string.Create(CultureInfo.InvariantCulture, $"{series.Name} ({a:g5}, {b:g5})"));
            }
        }
        else if (points.Count > 0)
        {
            svg.Path(Thin(points).Select(p => (x.At(p.First), y.At(p.Second))), $"s{color}{(series.Mark == Mark.Dashed ? " dash" : "")}", tip: series.Name);
        }
    }

    /// <summary>Keeps the lowest and the highest of each stretch, so that no spike is lost.</summary>
    private static IEnumerable<(double First, double Second)> Thin(List<(double First, double Second)> points) => points.Count <= MostPoints ? points
        : points.Chunk((points.Count + (MostPoints / 2) - 1) / (MostPoints / 2)).SelectMany(c => new[] { c.MinBy(p => p.Second), c.MaxBy(p => p.Second) }.OrderBy(p => p.First));
}
