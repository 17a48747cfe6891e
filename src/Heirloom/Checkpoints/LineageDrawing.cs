using System.Globalization;
using System.Net;

namespace Heirloom.Checkpoints;

/// <summary>Draws a family tree: the checkpoint first, what it was made from below and to the right of it.</summary>
public static class LineageDrawing
{
    private const int BoxWidth = 300, BoxHeight = 58, ColumnWidth = 60, RowHeight = 76, Margin = 16, MaxCharacters = 40;

    private const string Style = """
        .family{font:13px system-ui,sans-serif;--line:#8a8f98;--box:#f6f7f9;--text:#1b1f24;--dim:#5d6570}
        @media(prefers-color-scheme:dark){.family{--line:#7d848e;--box:#22262c;--text:#e8eaed;--dim:#a6adb8}}
        .family rect{fill:var(--box);stroke:var(--line)}.family .lost rect{stroke-dasharray:5 4}
        .family path{fill:none;stroke:var(--line)}.family text{fill:var(--text)}.family .dim{fill:var(--dim);font-size:11px}.family .name{font-weight:600}
        """;

    /// <summary>Lines for a terminal.</summary>
    public static IEnumerable<string> Text(LineageNode root) => Text(root, "", "");

    /// <summary>A picture that needs nothing else.</summary>
    public static string Svg(LineageNode root)
    {
        var placed = Place(root);
        var (width, height) = (placed.Max(p => p.X) + BoxWidth + Margin, placed.Max(p => p.Y) + BoxHeight + Margin);
        var svg = new StringWriter { NewLine = "\n" };
        svg.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"family\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Family tree of {Escape(root.Name)}\">"));
        svg.WriteLine($"<style>{Style}</style>");
        foreach (var (node, x, y, parent) in placed)
        {
            if (parent is var (parentX, parentY))
            {
                svg.WriteLine($"<path d=\"M{parentX + 24} {parentY + BoxHeight}V{y + (BoxHeight / 2)}H{x}\"/>");
            }

            svg.WriteLine($"<g transform=\"translate({x} {y})\"{(node.Folder is null ? " class=\"lost\"" : "")}><title>{Escape(node.Folder ?? node.Name)}\n{Escape(node.Weights)}</title>");
            svg.WriteLine($"<rect width=\"{BoxWidth}\" height=\"{BoxHeight}\" rx=\"6\"/>");
            svg.WriteLine($"<text class=\"name\" x=\"10\" y=\"18\">{Escape(Shorten(Title(node)))}</text>");
            svg.WriteLine($"<text class=\"dim\" x=\"10\" y=\"34\">{Escape(Shorten(node.Summary))}{(node.Repeated ? " (shown above)" : "")}</text>");
            svg.WriteLine($"<text class=\"dim\" x=\"10\" y=\"50\">{Escape(Shorten($"{node.Short}  {Scores(node)}"))}</text></g>");
        }

        svg.WriteLine("</svg>");
        return svg.ToString();
    }

    /// <summary>A page with the picture and everything that the files say.</summary>
    public static string Html(LineageNode root)
    {
        var page = new StringWriter { NewLine = "\n" };
        page.WriteLine("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        page.WriteLine($"<title>Family tree of {Escape(root.Name)}</title>");
        page.WriteLine("<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem}pre{overflow:auto;padding:.7rem;border:1px solid #8a8f98;border-radius:6px}div.tree{overflow:auto}dt{font-weight:600}</style>");
        page.WriteLine($"<h1>Family tree of {Escape(root.Name)}</h1><div class=\"tree\">{Svg(root)}</div>");
        foreach (var node in Place(root).Select(p => p.Node).Where(n => n is { Repeated: false, Lineage: not null }))
        {
            var lineage = node.Lineage!;
            page.WriteLine($"<h2>{Escape(node.Name)}</h2><dl>");
            Item("made by", node.Summary);
            Item("weights", node.Weights);
            Item("folder", node.Folder ?? "");
            Item("seed", lineage.Seed.ToString(CultureInfo.InvariantCulture));
            Item("code", lineage.Code);
            Item("data", string.Join(", ", lineage.Data.Select(d => $"{d.Key} {d.Value}")));
            Item("licences", string.Join(", ", lineage.Licenses));
            Item("scores", Scores(node));
            page.WriteLine("</dl>");
            if (lineage.Settings.Length > 0)
            {
                page.WriteLine($"<details><summary>settings</summary><pre>{Escape(lineage.Settings)}</pre></details>");
            }
        }

        page.WriteLine("</html>");
        return page.ToString();

        void Item(string name, string value)
        {
            if (value.Length > 0)
            {
                page.WriteLine($"<dt>{name}</dt><dd>{Escape(value)}</dd>");
            }
        }
    }

    private static IEnumerable<string> Text(LineageNode node, string first, string rest)
    {
        var scores = Scores(node);
        yield return $"{first}{Plain(Title(node))}  {Plain(node.Summary)}{(node.Short.Length > 0 ? $"  {node.Short}" : "")}{(scores.Length > 0 ? $"  ({scores})" : "")}{(node.Repeated ? "  (shown above)" : "")}";
        for (var i = 0; i < node.Parents.Length; i++)
        {
            var last = i == node.Parents.Length - 1;
            foreach (var line in Text(node.Parents[i], rest + (last ? "└─ " : "├─ "), rest + (last ? "   " : "│  ")))
            {
                yield return line;
            }
        }
    }

    private static List<(LineageNode Node, int X, int Y, (int X, int Y)? Parent)> Place(LineageNode root)
    {
        var placed = new List<(LineageNode, int, int, (int, int)?)>();
        Add(root, 0, null);
        return placed;

        void Add(LineageNode node, int depth, (int, int)? parent)
        {
            var (x, y) = (Margin + (depth * ColumnWidth), Margin + (placed.Count * RowHeight));
            placed.Add((node, x, y, parent));
            foreach (var older in node.Parents)
            {
                Add(older, depth + 1, (x, y));
            }
        }
    }

    private static string Title(LineageNode node) => node.Role.Length > 0 ? $"{node.Role}: {node.Name}" : node.Name;

    private static string Scores(LineageNode node) => node.Lineage is null ? ""
        : string.Join(", ", node.Lineage.Scores.Select(s => $"{s.Key} {s.Value.ToString("G4", CultureInfo.InvariantCulture)}"));

    private static string Shorten(string text) => text.Length <= MaxCharacters ? text : text[..(MaxCharacters - 1)] + "…";

    /// <summary>Names come from files: they must not steer a terminal.</summary>
    private static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private static string Escape(string text) => WebUtility.HtmlEncode(Plain(text));
}
