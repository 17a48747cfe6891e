using System.Collections.Immutable;

namespace Heirloom.Evaluation.Reports;

/// <summary>
/// A picture of numbers as SVG. Labels stay text that the reader's own fonts draw, so it needs no font on the machine that makes it
/// (a server or a container often has none), and it follows the reader's light or dark theme.
/// </summary>
public abstract record Plot
{
    public required string Title { get; init; }

    public string XLabel { get; init; } = "";

    public string YLabel { get; init; } = "";

    public int Width { get; init; } = 720;

    public int Height { get; init; } = 400;

    /// <summary>A whole SVG document; it may also stand inside an HTML page.</summary>
    public abstract string ToSvg();

    /// <summary>Writes the SVG to a file.</summary>
    public void Save(string path) => Atomic.WriteText(path, ToSvg());
}

/// <summary>How a series is drawn.</summary>
public enum Mark
{
    Line,
    Dashed,
    Points,
}

/// <summary>One named series of an <see cref="XYPlot"/>.</summary>
/// <param name="Name">Its entry in the legend.</param>
/// <param name="X">Positions; points that are not finite (or not positive on a log axis) are left out.</param>
/// <param name="Y">Values, as many.</param>
public sealed record Series(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y)
{
    public Mark Mark { get; init; }

    /// <summary>Lower ends of the intervals around <see cref="Y"/>: a band for a line, bars for points.</summary>
    public IReadOnlyList<double>? Low { get; init; }

    public IReadOnlyList<double>? High { get; init; }
}

/// <summary>One bar with its interval.</summary>
public sealed record Bar(string Label, double Value, double? Low = null, double? High = null)
{
    /// <summary>Bars of a group share a colour and an entry in the legend.</summary>
    public string Group { get; init; } = "";
}

/// <summary>Lines with bands and scattered points.</summary>
public sealed record XYPlot : Plot
{
    public required ImmutableArray<Series> Series { get; init; }

    public bool LogX { get; init; }

    public bool LogY { get; init; }

    public override string ToSvg() => XYPlotSvg.Draw(this);
}

/// <summary>Horizontal bars with intervals, one row a label: labels of any length stay readable.</summary>
public sealed record BarPlot : Plot
{
    public required ImmutableArray<Bar> Bars { get; init; }

    public override string ToSvg() => BarPlotSvg.Draw(this);
}
