using System.Globalization;
using System.Net;
using System.Text;

namespace Heirloom.Evaluation.Reports;

/// <summary>Writes the few SVG elements that plots are made of.</summary>
internal sealed class Svg
{
    public const int FontSize = 12;

    // Okabe and Ito's palette, which people with colour blindness can tell apart; the yellow is left out, it drowns in white.
    private static readonly string[] s_light = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7A5195", "#555555"];
    private static readonly string[] s_dark = ["#4FA8E0", "#F5853F", "#2CC79B", "#E29BC4", "#8ACDF5", "#F2B632", "#B08FD0", "#AAAAAA"];
    private readonly StringBuilder _body = new();

    public static int Colors => s_light.Length;

    public void Line(double x1, double y1, double x2, double y2, string css) =>
        _body.Append($"<line x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" class=\"{css}\"/>\n");

    public void Text(double x, double y, string text, string css, string anchor = "start", double turn = 0) =>
        _body.Append($"<text x=\"{N(x)}\" y=\"{N(y)}\" class=\"{css}\" text-anchor=\"{anchor}\"{(turn == 0 ? "" : $" transform=\"rotate({N(turn)} {N(x)} {N(y)})\"")}>{Escape(text)}</text>\n");

    public void Rectangle(double x, double y, double width, double height, string css, string? tip = null) =>
        _body.Append($"<rect x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(Math.Max(0, width))}\" height=\"{N(Math.Max(0, height))}\" class=\"{css}\">{Tip(tip)}</rect>\n");

    public void Circle(double x, double y, double radius, string css, string? tip = null) =>
        _body.Append($"<circle cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"{N(radius)}\" class=\"{css}\">{Tip(tip)}</circle>\n");

    public void Path(IEnumerable<(double X, double Y)> points, string css, bool closed = false, string? tip = null)
    {
        var path = string.Join(' ', points.Select((p, i) => $"{(i == 0 ? "M" : "L")}{N(p.X)} {N(p.Y)}"));
        _body.Append($"<path d=\"{path}{(closed ? "Z" : "")}\" class=\"{css}\">{Tip(tip)}</path>\n");
    }

    /// <summary>The legend's row of swatches below the title; returns its height.</summary>
    public double Legend(IReadOnlyList<(string Name, Mark Mark)> entries, double left, double top, double right)
    {
        if (entries.Count == 0)
        {
            return 0;
        }

        var (x, y) = (left, top + 9.0);
        for (var i = 0; i < entries.Count; i++)
        {
            var width = 24 + WidthOf(entries[i].Name) + 18;
            if (x > left && x + width > right + 18)
            {
                (x, y) = (left, y + 18);
            }

            if (entries[i].Mark == Mark.Points)
            {
                Circle(x + 8, y - 4, 3.5, $"f{i % Colors}");
            }
            else
            {
                Line(x, y - 4, x + 17, y - 4, $"s{i % Colors}{(entries[i].Mark == Mark.Dashed ? " dash" : "")}");
            }

            Text(x + 23, y, entries[i].Name, "t");
            x += width;
        }

        return y - top + 9;
    }

    public string Finish(int width, int height, string title)
    {
        // plain rules, with the dark theme's as overrides: viewers outside browsers know neither variables nor themes
        return $$"""
            <svg xmlns="http://www.w3.org/2000/svg" class="hp" viewBox="0 0 {{width}} {{height}}" width="{{width}}" height="{{height}}" role="img" aria-label="{{Escape(title)}}">
            <style>
            .hp{max-width:100%;height:auto;font-size:{{FontSize}}px;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
            .hp .h{font-weight:600;font-size:14px}.hp .m{opacity:.75}.hp line,.hp path{fill:none;stroke-width:1.8;stroke-linejoin:round}
            .hp .grid{stroke-opacity:.13;stroke-width:1}.hp .axis{stroke-opacity:.55;stroke-width:1}.hp .whisker{stroke-width:1.4}.hp .dash{stroke-dasharray:6 4}
            {{Theme("#222", "#fff", s_light)}}
            @media (prefers-color-scheme:dark){
            {{Theme("#ddd", "#16181c", s_dark)}}
            }
            </style>
            <rect width="{{width}}" height="{{height}}" class="paper"/>
            {{_body}}</svg>

            """;
    }

    /// <summary>About how wide a text is drawn; no font is at hand to ask.</summary>
    public static double WidthOf(string text) => text.Sum(c => c is 'i' or 'l' or 'j' or '.' or ',' or ' ' or 'I' or 't' or 'f' or 'r' ? 0.38 : c is 'm' or 'w' or 'M' or 'W' ? 0.9 : char.IsUpper(c) ? 0.7 : 0.58) * FontSize;

    private static string Theme(string ink, string paper, string[] colors) =>
        $".hp text{{fill:{ink}}}.hp .grid,.hp .axis,.hp .whisker{{stroke:{ink}}}.hp .paper{{fill:{paper}}}"
        + string.Concat(colors.Select((c, i) => $".hp .s{i}{{stroke:{c}}}.hp .f{i}{{fill:{c}}}.hp .b{i}{{fill:{c};fill-opacity:.18;stroke:none}}"));

    private static string Tip(string? tip) => tip is null ? "" : $"<title>{Escape(tip)}</title>";

    private static string Escape(string text) => WebUtility.HtmlEncode(new string([.. text.Where(c => !char.IsControl(c))]));

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
