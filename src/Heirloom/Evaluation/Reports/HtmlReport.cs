using System.Globalization;
using System.Net;
using System.Text;

namespace Heirloom.Evaluation.Reports;

/// <summary>A self-contained page: it opens from a mail or a share with no network, and reads well in light and dark.</summary>
public sealed class HtmlReport(string title)
{
    private readonly StringBuilder _body = new();
    private readonly List<(string Id, string Text)> _sections = [];

    /// <summary>A heading; those of the second level are listed at the top of the page.</summary>
    public HtmlReport Heading(string text, int level = 2)
    {
        var id = $"s{_sections.Count}";
        if (level == 2)
        {
            _sections.Add((id, text));
        }

        return Add($"<h{level}{(level == 2 ? $" id=\"{id}\"" : "")}>{Escape(text)}</h{level}>");
    }

    public HtmlReport Paragraph(string text) => Add($"<p>{Escape(text)}</p>");

    /// <summary>A line that stands out: the answer of the page.</summary>
    public HtmlReport Callout(string text) => Add($"<p class=\"callout\">{Escape(text)}</p>");

    /// <summary>Names with values beside them.</summary>
    public HtmlReport Facts(IEnumerable<KeyValuePair<string, string>> facts) =>
        Add($"<dl>{string.Concat(facts.Select(f => $"<dt>{Escape(f.Key)}</dt><dd>{Escape(f.Value)}</dd>"))}</dl>");

    /// <summary>A table; cells that are numbers are set to the right.</summary>
    public HtmlReport Table(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, string? caption = null)
    {
        var all = rows.ToList();
        var right = headers.Select((_, c) => all.Count > 0 && all.All(r => r.Count <= c || IsNumber(r[c]))).ToArray();
        string Cell(string tag, string text, int column) => $"<{tag}{(right[column] ? " class=\"n\"" : "")}>{Escape(text)}</{tag}>";
        return Add($"<div class=\"wide\"><table>{(caption is null ? "" : $"<caption>{Escape(caption)}</caption>")}<thead><tr>{string.Concat(headers.Select((h, c) => Cell("th", h, c)))}</tr></thead>"
            + $"<tbody>{string.Concat(all.Select(r => $"<tr>{string.Concat(r.Select((t, c) => Cell("td", t, c)))}</tr>\n"))}</tbody></table></div>");
    }

    public HtmlReport Figure(Plot plot, string? caption = null) =>
        Add($"<figure>{plot.ToSvg()}{(caption is null ? "" : $"<figcaption>{Escape(caption)}</figcaption>")}</figure>");

    /// <summary>An SVG made elsewhere (a family tree); it is put in as it is, so it must be the program's own.</summary>
    public HtmlReport Drawing(string svg, string? caption = null) =>
        Add($"<figure>{svg}{(caption is null ? "" : $"<figcaption>{Escape(caption)}</figcaption>")}</figure>");

    public HtmlReport Code(string text) => Add($"<pre>{Escape(text)}</pre>");

    /// <summary>Long text behind a line to click on.</summary>
    public HtmlReport Folded(string summary, string text) => Add($"<details><summary>{Escape(summary)}</summary><pre>{Escape(text)}</pre></details>");

    public void Save(string path) => Atomic.WriteText(path, ToHtml());

    public string ToHtml()
    {
        var index = _sections.Count > 2 ? $"<nav>{string.Join(" · ", _sections.Select(s => $"<a href=\"#{s.Id}\">{Escape(s.Text)}</a>"))}</nav>" : "";
        return $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{{Escape(title)}}</title>
            <style>
            :root{--ink:#1d1f23;--paper:#fff;--soft:#f4f5f7;--rule:#dcdfe4;--link:#0067a8}
            @media(prefers-color-scheme:dark){:root{--ink:#dcdfe4;--paper:#16181c;--soft:#20242b;--rule:#353b45;--link:#6db8ef} }
            body{margin:0 auto;max-width:60rem;padding:1.5rem 1.2rem 4rem;color:var(--ink);background:var(--paper);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
            h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0 1rem}h2{font-size:1.25rem;margin:2.4rem 0 .7rem;padding-bottom:.25rem;border-bottom:1px solid var(--rule)}h3{font-size:1.05rem;margin:1.6rem 0 .5rem}
            a{color:var(--link)}nav{font-size:.9rem;margin-bottom:1rem}.callout{background:var(--soft);border-left:4px solid var(--link);padding:.7rem 1rem}
            .wide{overflow-x:auto}table{border-collapse:collapse;font-size:.92rem;margin:.6rem 0}caption{text-align:left;opacity:.75;padding-bottom:.3rem}
            th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--rule);vertical-align:top}th{font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums}
            dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;font-size:.92rem}dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}
            figure{margin:1.2rem 0}figcaption{font-size:.88rem;opacity:.75}pre{background:var(--soft);padding:.8rem 1rem;overflow-x:auto;font-size:.85rem;line-height:1.45;white-space:pre-wrap}summary{cursor:pointer}
            </style>
            </head>
            <body>
            <h1>{{Escape(title)}}</h1>
            {{index}}
            {{_body}}</body>
            </html>

            """;
    }

    private HtmlReport Add(string html)
    {
        _body.Append(html).Append('\n');
        return this;
    }

    private static bool IsNumber(string text) =>
        text.Length == 0 || text is "–" or "-" || double.TryParse(text.TrimEnd('%').Split(['±', '[', ' '], 2)[0], NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out _);

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
