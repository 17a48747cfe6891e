using System.Globalization;
using System.Xml.Linq;
using CsCheck;
using Heirloom.Evaluation.Reports;

namespace Heirloom.Tests.Evaluation;

public sealed class ReportsTests
{
    private static readonly double[] s_steps = [.. Enumerable.Range(0, 5000).Select(i => (double)i)];

    private static XYPlot Curves() => new()
    {
        Title = "Loss & <perplexity>", XLabel = "step", YLabel = "loss",
        Series =
        [
            new("naive", s_steps, [.. s_steps.Select(s => 2 + Math.Exp(-s / 800))])
            {
                Low = [.. s_steps.Select(s => 1.9 + Math.Exp(-s / 800))], High = [.. s_steps.Select(s => 2.1 + Math.Exp(-s / 800))],
            },
            new("replay", s_steps, [.. s_steps.Select(s => s == 2500 ? double.NaN : s == 1234 ? 9 : 1.5 + Math.Exp(-s / 700))]) { Mark = Mark.Dashed },
            new("points", [1000, 2000], [2.5, 2.2]) { Mark = Mark.Points, Low = [2.4, 2], High = [2.7, 2.4] },
        ],
    };

    [Fact]
    public void APlotIsWellFormedAndKeepsItsText()
    {
        var svg = XDocument.Parse(Curves().ToSvg());
        var texts = svg.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value).ToList();
        Assert.Contains("Loss & <perplexity>", texts);
        Assert.Contains("replay", texts);
        Assert.Contains("4000", texts);
    }

    [Fact]
    public void ThinningKeepsTheSpike()
    {
        var paths = XDocument.Parse(Curves().ToSvg()).Descendants().Where(e => e.Name.LocalName == "path" && e.Value == "replay").Single().Attribute("d")!.Value;
        var heights = paths.Split(' ').Where((_, i) => i % 2 == 1).Select(t => double.Parse(t, CultureInfo.InvariantCulture)).ToList();
        Assert.InRange(heights.Count, 100, 801);
        Assert.True(heights.Min() < 100, "the spike at step 1234 is drawn near the top");
    }

    [Fact]
    public void AnyNumbersDraw() => Gen.Select(Gen.Double.Array[0, 30], Gen.Double.Array[0, 30], Gen.Bool, Gen.Bool, Gen.String).Sample((x, y, logX, logY, name) =>
    {
        var count = Math.Min(x.Length, y.Length);
        var plot = new XYPlot { Title = name, LogX = logX, LogY = logY, Series = [new(name, x[..count], y[..count])] };
        Assert.DoesNotContain(XDocument.Parse(plot.ToSvg()).Descendants().SelectMany(e => e.Attributes()).Where(a => a.Name != "aria-label"),
            a => a.Value.Contains("NaN", StringComparison.Ordinal) || a.Value.Contains('∞', StringComparison.Ordinal));
        XDocument.Parse(new BarPlot { Title = name, Bars = [.. y.Select(v => new Bar(name, v, v, v))] }.ToSvg());
    }, iter: 300);

    [Fact]
    public void TheReportNeedsNothingFromOutside()
    {
        var html = new HtmlReport("A <report>").Heading("One").Paragraph("x & y").Facts([new("k", "<v>")])
            .Table(["arm", "perplexity"], [["naive", "12.3 ± 0.1"], ["replay", "11.0 ± 0.2"]]).Figure(Curves(), "curves").Code("a < b").Folded("more", "text").ToHtml();
        Assert.DoesNotContain("src=", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"http", html, StringComparison.Ordinal);
        Assert.Contains("A &lt;report&gt;", html, StringComparison.Ordinal);
        Assert.Contains("<td class=\"n\">11.0 &#177; 0.2</td>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<v>", html, StringComparison.Ordinal);
    }
}
