using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Chat;

/// <summary>Filters, <c>value | name</c>.</summary>
internal static class TemplateFilters
{
    private static readonly object s_missing = TemplateArguments.Missing;

    private static readonly Dictionary<string, Filter> s_all = new()
    {
        ["abs"] = new([], (run, v, _) => v switch { double d => (object)Math.Abs(d), _ when TemplateValues.ToInteger(v) is { } n => n == long.MinValue ? throw run.Error("the number is too large") : Math.Abs(n), _ => throw Needs(run, "a number", v) }),
        ["attr"] = new(["name"], (run, v, a) => TemplateMembers.Attribute(run, v, TemplateText.Of(run, a[0]))),
        ["batch"] = new(["linecount", "fill_with"], (run, v, a) => Sequences.Batches(run, v, Integer(run, a[0]), Or(a[1], null))),
        ["capitalize"] = new([], (run, v, _) => TemplateMembers.Capitalized(TemplateText.Of(run, v))),
        ["center"] = new(["width"], (run, v, a) => Centered(run, TemplateText.Of(run, v), Integer(run, Or(a[0], 80L)))),
        ["default"] = new(["default_value", "boolean"], (run, v, a) => v is Undefined || (TemplateValues.IsTrue(Or(a[1], false)) && !TemplateValues.IsTrue(v)) ? Or(a[0], "") : v),
        ["dictsort"] = new(["case_sensitive", "by", "reverse"], (run, v, a) => Sequences.SortedPairs(run, v, Flag(a[0]), Or(a[1], "key") is "value", Flag(a[2]))),
        ["escape"] = new([], (run, v, _) => run.Made(TemplateText.Of(run, v).Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal))),
        ["first"] = new([], (run, v, _) => TemplateValues.Items(run, v) is [var first, ..] ? first : new Undefined("there is no first item")),
        ["float"] = new(["default"], (run, v, a) => v switch { double => v, _ when TemplateValues.IsNumber(v) => TemplateValues.ToDouble(v), string s when double.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) => d, _ => Or(a[0], 0.0) }),
        ["indent"] = new(["width", "first", "blank"], (run, v, a) => Indented(run, TemplateText.Of(run, v), Or(a[0], 4L), Flag(a[1]), Flag(a[2]))),
        ["int"] = new(["default", "base"], (run, v, a) => ToInteger(v, (int)Integer(run, Or(a[1], 10L))) ?? Or(a[0], 0L)),
        ["items"] = new([], Pairs),
        ["join"] = new(["d", "attribute"], (run, v, a) => TemplateText.Joined(run, TemplateText.Of(run, Or(a[0], "")), Sequences.Attributes(run, TemplateValues.Items(run, v), Or(a[1], null)).Select(i => TemplateText.Of(run, i)))),
        ["last"] = new([], (run, v, _) => TemplateValues.Items(run, v) is [.., var last] ? last : new Undefined("there is no last item")),
        ["length"] = new([], (run, v, _) => TemplateValues.Length(run, v)),
        ["list"] = new([], (run, v, _) => TemplateValues.Items(run, v).ToList()),
        ["lower"] = new([], (run, v, _) => TemplateText.Of(run, v).ToLowerInvariant()),
        ["max"] = new(["case_sensitive", "attribute"], (run, v, a) => Sequences.Extreme(run, v, Flag(a[0]), Or(a[1], null), greatest: true)),
        ["min"] = new(["case_sensitive", "attribute"], (run, v, a) => Sequences.Extreme(run, v, Flag(a[0]), Or(a[1], null), greatest: false)),
        ["replace"] = new(["old", "new", "count"], (run, v, a) => TemplateMembers.Replace(run, TemplateText.Of(run, v), TemplateText.Of(run, a[0]), TemplateText.Of(run, a[1]), a[2])),
        ["reverse"] = new([], (run, v, _) => TemplateValues.Items(run, v).Reverse().ToList() is var reversed && v is string ? string.Concat(reversed) : reversed),
        ["round"] = new(["precision", "method"], (run, v, a) => Rounded(run, v, Integer(run, Or(a[0], 0L)), TemplateText.Of(run, Or(a[1], "common")))),
        ["safe"] = new([], (_, v, _) => v),
        ["sort"] = new(["reverse", "case_sensitive", "attribute"], (run, v, a) => Sequences.Sorted(run, v, Flag(a[0]), Flag(a[1]), Or(a[2], null))),
        ["string"] = new([], (run, v, _) => TemplateText.Of(run, v)),
        ["sum"] = new(["attribute", "start"], (run, v, a) => Sequences.Attributes(run, TemplateValues.Items(run, v), Or(a[0], null)).Aggregate(Or(a[1], 0L), (sum, i) => TemplateArithmetic.Apply(run, "+", sum, i))),
        ["title"] = new([], (run, v, _) => Titled(TemplateText.Of(run, v))),
        ["tojson"] = new(["ensure_ascii", "indent", "separators", "sort_keys"], ToJson),
        ["trim"] = new(["chars"], (run, v, a) => TemplateMembers.Trim(run, TemplateText.Of(run, v), a[0], true, true)),
        ["unique"] = new(["case_sensitive", "attribute"], (run, v, a) => Sequences.Unique(run, v, Flag(a[0]), Or(a[1], null))),
        ["upper"] = new([], (run, v, _) => TemplateMembers.Upper(TemplateText.Of(run, v))),
        ["wordcount"] = new([], (run, v, _) => (long)TemplateText.Of(run, v).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length),
    };

    /// <summary>Filters whose arguments name another filter or test.</summary>
    private static readonly Dictionary<string, Func<TemplateRun, object?, TemplateArguments, object?>> s_open = new()
    {
        ["format"] = (run, v, a) => TemplateArithmetic.Format(run, TemplateText.Of(run, v), a.Positional),
        ["map"] = Sequences.Map,
        ["select"] = (run, v, a) => Sequences.Select(run, v, a, byAttribute: false, keep: true),
        ["reject"] = (run, v, a) => Sequences.Select(run, v, a, byAttribute: false, keep: false),
        ["selectattr"] = (run, v, a) => Sequences.Select(run, v, a, byAttribute: true, keep: true),
        ["rejectattr"] = (run, v, a) => Sequences.Select(run, v, a, byAttribute: true, keep: false),
    };

    private static readonly Dictionary<string, string> s_aliases = new() { ["d"] = "default", ["e"] = "escape", ["count"] = "length" };

    public static IEnumerable<string> Names => s_all.Keys.Concat(s_open.Keys).Concat(s_aliases.Keys);

    public static bool Has(string name) => s_all.ContainsKey(name) || s_open.ContainsKey(name) || s_aliases.ContainsKey(name);

    public static object? Apply(TemplateRun run, string name, object? value, TemplateArguments arguments)
    {
        name = s_aliases.GetValueOrDefault(name, name);
        return s_open.TryGetValue(name, out var open) ? open(run, value, arguments)
            : s_all.TryGetValue(name, out var filter) ? filter.Body(run, value, arguments.Bind(run, name, filter.Parameters))
            : throw run.Error($"there is no filter '{name}'", UserError.Nearest(name, Names));
    }

    /// <summary>A mapping's keys and values.</summary>
    public static List<object?> Pairs(TemplateRun run, object? value, object?[]? arguments = null)
    {
        if (value is Undefined)
        {
            return [];
        }

        var map = value as TemplateMap ?? throw Needs(run, "a mapping", value);
        run.Charge(map.Count);
        return [.. map.Select(p => new TemplateTuple([p.Key, p.Value]))];
    }

    private static object? Or(object? argument, object? otherwise) => ReferenceEquals(argument, s_missing) ? otherwise : argument;

    private static bool Flag(object? argument) => TemplateValues.IsTrue(Or(argument, false));

    private static long Integer(TemplateRun run, object? value) => TemplateValues.ToInteger(Or(value, null)) ?? throw Needs(run, "an integer", Or(value, null));

    private static UserError Needs(TemplateRun run, string what, object? value) => run.Error($"{what} is needed here, not {TemplateValues.TypeName(value)}");

    private static object? ToInteger(object? value, int numberBase)
    {
        switch (value)
        {
            case double d when Math.Abs(d) < long.MaxValue:
                return (long)d;
            case string text:
                text = text.Trim().Replace("_", "", StringComparison.Ordinal);
                if (numberBase == 10)
                {
                    return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n
                        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && Math.Abs(real) < long.MaxValue ? (long)real : null;
                }

                return numberBase == 16 && long.TryParse(text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? hex : null;
            default:
                return TemplateValues.ToInteger(value);
        }
    }

    private static string Centered(TemplateRun run, string text, long width)
    {
        run.Charge(width);
        width = Math.Max(0, width); // far below zero the difference would overflow
        var free = (int)Math.Max(0, width - TemplateValues.Characters(text));
        var left = (free / 2) + (free & (int)width & 1);
        return new string(' ', left) + text + new string(' ', free - left);
    }

    private static string Indented(TemplateRun run, string text, object? width, bool first, bool blank)
    {
        var by = width is string given ? given : new string(' ', (int)Math.Clamp(Integer(run, width), 0, 10_000));
        var lines = TemplateMembers.Lines(text + "\n", keepEnds: false).Cast<string>().ToList();
        run.Charge(text.Length + ((long)lines.Count * by.Length));
        var indented = blank ? string.Join("\n" + by, lines) : string.Join("\n", lines.Select((line, i) => i == 0 || line.Length == 0 ? line : by + line));
        return first ? by + indented : indented;
    }

    private static double Rounded(TemplateRun run, object? value, long precision, string method)
    {
        var number = TemplateValues.IsNumber(value) ? TemplateValues.ToDouble(value) : throw Needs(run, "a number", value);
        var scale = Math.Pow(10, Math.Clamp(precision, -15, 15));
        return method switch
        {
            "common" => precision is >= 0 and <= 15 ? Math.Round(number, (int)precision, MidpointRounding.ToEven) : Math.Round(number * scale) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw run.Error($"'{method}' is no way to round", "valid: common, ceil, floor"),
        };
    }

    /// <summary>Each word with a capital letter, whatever separates them.</summary>
    private static string Titled(string text)
    {
        var titled = new StringBuilder(text.Length);
        var starts = true;
        foreach (var c in text)
        {
            titled.Append(starts ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            starts = char.IsWhiteSpace(c) || c is '-' or '(' or '{' or '[' or '<';
        }

        return titled.ToString();
    }

    private static string ToJson(TemplateRun run, object? value, object?[] arguments)
    {
        if (value is Undefined undefined)
        {
            throw run.Error(undefined.Message);
        }

        var indent = Or(arguments[1], null) switch
        {
            null => null,
            string text => text,
            var width => new string(' ', (int)Math.Clamp(Integer(run, width), 0, 100)),
        };
        var (item, key) = Or(arguments[2], null) is List<object?> { Count: 2 } separators
            ? (TemplateMembers.Text(run, separators[0]), TemplateMembers.Text(run, separators[1]))
            : (indent is null ? ", " : ",", ": ");
        return TemplateText.Json(run, value, indent, item, key, Flag(arguments[3]), Flag(arguments[0]));
    }

    private sealed record Filter(string[] Parameters, Func<TemplateRun, object?, object?[], object?> Body);
}
