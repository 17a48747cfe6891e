using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Chat;

/// <summary>What stands behind a point or in brackets: items, and the methods of strings, lists and mappings.</summary>
internal static class TemplateMembers
{
    private static readonly object s_missing = TemplateArguments.Missing;

    /// <summary><c>target.name</c>: a method, else an item of that name.</summary>
    public static object? Attribute(TemplateRun run, object? target, string name)
    {
        if (target is Undefined undefined)
        {
            throw run.Error(undefined.Message);
        }

        return Method(run, target, name) ?? (target switch
        {
            TemplateMap map when map.TryGetValue(name, out var value) => value,
            TemplateNamespace space when space.Values.TryGetValue(name, out var value) => value,
            TemplateLoop loop when loop.Attribute(run, name, out var value) => value,
            _ => new Undefined($"{TemplateValues.TypeName(target)} has no '{name}'"),
        });
    }

    /// <summary><c>target[index]</c>: an item, else a method of that name.</summary>
    public static object? Item(TemplateRun run, object? target, object? index)
    {
        switch (target)
        {
            case Undefined undefined:
                throw run.Error(undefined.Message);
            case TemplateMap map when index is not null && map.TryGetValue(index, out var value):
                return value;
            case List<object?> list when TemplateValues.ToInteger(index) is { } at:
                at += at < 0 ? list.Count : 0;
                return at >= 0 && at < list.Count ? list[(int)at] : new Undefined($"a list of {list.Count} has no item {index}");
            case string text when TemplateValues.ToInteger(index) is { } at:
                var characters = TemplateValues.Items(run, text);
                at += at < 0 ? characters.Count : 0;
                return at >= 0 && at < characters.Count ? characters[(int)at] : new Undefined($"a string of {characters.Count} has no character {index}");
            default:
                return index is string name ? Attribute(run, target, name) : new Undefined($"{TemplateValues.TypeName(target)} has no item {TemplateText.Of(run, index)}");
        }
    }

    /// <summary>A mapping's key.</summary>
    /// <exception cref="UserError">It can be none.</exception>
    public static object Key(TemplateRun run, object? value) => value is string or long or double or bool ? value : throw run.Error($"{TemplateValues.TypeName(value)} cannot be a key");

    private static TemplateCallable? Method(TemplateRun run, object? target, string name) => target switch
    {
        TemplateMap map => OfMap(map, name),
        string text => OfText(text, name),
        List<object?> list => OfList(run, list, name),
        _ => null,
    };

    private static TemplateCallable? OfMap(TemplateMap map, string name) => name switch
    {
        "items" => new TemplateFunction(name, [], (run, _) => TemplateFilters.Pairs(run, map)),
        "keys" => new TemplateFunction(name, [], (run, _) => TemplateValues.Items(run, map).ToList()),
        "values" => new TemplateFunction(name, [], (run, _) => map.Values.ToList()),
        "get" => new TemplateFunction(name, ["key", "default"], (run, a) => a[0] is { } key && map.TryGetValue(key, out var value) ? value : ReferenceEquals(a[1], s_missing) ? null : a[1]),
        "copy" => new TemplateFunction(name, [], (run, _) => { var copy = new TemplateMap(); foreach (var (k, v) in map) { copy[k] = v; } return copy; }),
        "update" or "pop" or "popitem" or "setdefault" or "clear" => Refused(name, "mapping"),
        _ => null,
    };

    private static TemplateCallable? OfList(TemplateRun run, List<object?> list, string name) => name switch
    {
        "index" => new TemplateFunction(name, ["value"], (_, a) => list.FindIndex(i => TemplateValues.AreEqual(i, a[0])) is var at and >= 0 ? (long)at : throw run.Error("the value is not in the list")),
        "count" => new TemplateFunction(name, ["value"], (_, a) => (long)list.Count(i => TemplateValues.AreEqual(i, a[0]))),
        "append" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" or "clear" => Refused(name, "list"),
        _ => null,
    };

    /// <summary>Templates are shared: what they are given stays as it is.</summary>
    private static TemplateOpenFunction Refused(string name, string what) =>
        new(name, (run, _) => throw run.Error($"'{name}' would change a {what}, which templates may not", "use a namespace, or '+'"));

    private static TemplateCallable? OfText(string text, string name)
    {
        return name switch
        {
            "strip" => Of(["chars"], (run, a) => Trim(run, text, a[0], true, true)),
            "lstrip" => Of(["chars"], (run, a) => Trim(run, text, a[0], true, false)),
            "rstrip" => Of(["chars"], (run, a) => Trim(run, text, a[0], false, true)),
            "split" => Of(["sep", "maxsplit"], (run, a) => Split(run, text, a[0], a[1], fromEnd: false)),
            "rsplit" => Of(["sep", "maxsplit"], (run, a) => Split(run, text, a[0], a[1], fromEnd: true)),
            "splitlines" => Of(["keepends"], (run, a) => Lines(text, !ReferenceEquals(a[0], s_missing) && TemplateValues.IsTrue(a[0]))),
            "startswith" => Of(["prefix"], (run, a) => Any(run, a[0], p => text.StartsWith(p, StringComparison.Ordinal))),
            "endswith" => Of(["suffix"], (run, a) => Any(run, a[0], p => text.EndsWith(p, StringComparison.Ordinal))),
            "upper" => Of([], (run, _) => Upper(text)),
            "lower" => Of([], (run, _) => text.ToLowerInvariant()),
            "title" => Of([], (run, _) => Title(text)),
            "capitalize" => Of([], (run, _) => Capitalized(text)),
            "swapcase" => Of([], (run, _) => string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)))),
            "replace" => Of(["old", "new", "count"], (run, a) => Replace(run, text, a[0], a[1], a[2])),
            "find" => Of(["part"], (run, a) => Position(text, text.IndexOf(Text(run, a[0]), StringComparison.Ordinal))),
            "rfind" => Of(["part"], (run, a) => Position(text, text.LastIndexOf(Text(run, a[0]), StringComparison.Ordinal))),
            "index" => Of(["part"], (run, a) => text.IndexOf(Text(run, a[0]), StringComparison.Ordinal) is var at and >= 0 ? Position(text, at) : throw run.Error("the string does not have that part")),
            "count" => Of(["part"], (run, a) => Text(run, a[0]) is { Length: > 0 } part ? (long)text.AsSpan().Count(part) : TemplateValues.Characters(text) + 1),
            "join" => Of(["items"], (run, a) => TemplateText.Joined(run, text, TemplateValues.Items(run, a[0]).Select(i => Text(run, i)))),
            "partition" => Of(["sep"], (run, a) => Partition(text, Text(run, a[0]), text.IndexOf(Text(run, a[0]), StringComparison.Ordinal), last: false)),
            "rpartition" => Of(["sep"], (run, a) => Partition(text, Text(run, a[0]), text.LastIndexOf(Text(run, a[0]), StringComparison.Ordinal), last: true)),
            "removeprefix" => Of(["prefix"], (run, a) => Text(run, a[0]) is var p && text.StartsWith(p, StringComparison.Ordinal) ? text[p.Length..] : text),
            "removesuffix" => Of(["suffix"], (run, a) => Text(run, a[0]) is { Length: > 0 } s && text.EndsWith(s, StringComparison.Ordinal) ? text[..^s.Length] : text),
            "zfill" => Of(["width"], (run, a) => text.StartsWith('-') || text.StartsWith('+') ? text[0] + text[1..].PadLeft(Width(run, a[0]) - 1, '0') : text.PadLeft(Width(run, a[0]), '0')),
            "ljust" => Of(["width", "fill"], (run, a) => text.PadRight(Width(run, a[0]), Fill(run, a[1]))),
            "rjust" => Of(["width", "fill"], (run, a) => text.PadLeft(Width(run, a[0]), Fill(run, a[1]))),
            "isdigit" or "isnumeric" or "isdecimal" => Of([], (run, _) => text.Length > 0 && text.All(char.IsDigit)),
            "isalpha" => Of([], (run, _) => text.Length > 0 && text.All(char.IsLetter)),
            "isalnum" => Of([], (run, _) => text.Length > 0 && text.All(char.IsLetterOrDigit)),
            "isspace" => Of([], (run, _) => text.Length > 0 && text.All(char.IsWhiteSpace)),
            "isupper" => Of([], (run, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower)),
            "islower" => Of([], (run, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper)),
            "format" => new TemplateOpenFunction(name, (run, a) => Format(run, text, a)),
            _ => null,
        };

        TemplateFunction Of(string[] parameters, Func<TemplateRun, object?[], object?> body) => new(name, parameters, body);
    }

    public static string Text(TemplateRun run, object? value) => value as string ?? throw run.Error($"a string is needed here, not {(ReferenceEquals(value, s_missing) ? "nothing" : TemplateValues.TypeName(value))}");

    public static string Trim(TemplateRun run, string text, object? characters, bool start, bool end)
    {
        var set = ReferenceEquals(characters, s_missing) || characters is null ? null : Text(run, characters).EnumerateRunes().ToHashSet();
        var runes = text.EnumerateRunes().ToArray();
        var (from, to) = (0, runes.Length);
        while (start && from < to && Stripped(runes[from]))
        {
            from++;
        }

        while (end && to > from && Stripped(runes[to - 1]))
        {
            to--;
        }

        return run.Made(from == 0 && to == runes.Length ? text : string.Concat(runes[from..to]));

        bool Stripped(Rune rune) => set is null ? Rune.IsWhiteSpace(rune) || rune.Value is >= 0x1c and <= 0x1f : set.Contains(rune);
    }

    public static string Replace(TemplateRun run, string text, object? old, object? with, object? count)
    {
        var (from, to) = (Text(run, old), Text(run, with));
        var most = ReferenceEquals(count, s_missing) || count is null ? -1 : TemplateValues.ToInteger(count) ?? throw run.Error("a count is an integer");
        var result = new StringBuilder();
        var at = 0;
        if (from.Length == 0)
        {
            foreach (var rune in text.EnumerateRunes())
            {
                result.Append(most != 0 ? to : "").Append(rune.ToString());
                most -= most > 0 ? 1 : 0;
                run.Charge(result.Length / 64);
                run.Check(result.Length);
            }

            return run.Made(result.Append(most != 0 ? to : "").ToString());
        }

        while (most != 0 && text.IndexOf(from, at, StringComparison.Ordinal) is var next and >= 0)
        {
            result.Append(text, at, next - at).Append(to);
            at = next + from.Length;
            most--;
            run.Charge(to.Length);
            run.Check(result.Length);
        }

        return run.Made(result.Append(text, at, text.Length - at).ToString());
    }

    /// <summary>The sharp s has two capitals, which the framework's own rule leaves out.</summary>
    public static string Upper(string text) => text.Replace("ß", "SS", StringComparison.Ordinal).ToUpperInvariant();

    public static string Capitalized(string text) => text.Length == 0 ? text : string.Concat(text[..1].ToUpperInvariant(), text[1..].ToLowerInvariant());

    /// <summary>Capital letters after what is no letter.</summary>
    private static string Title(string text)
    {
        var letters = text.ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = i > 0 && char.IsLetter(text[i - 1]) ? char.ToLowerInvariant(letters[i]) : char.ToUpperInvariant(letters[i]);
        }

        return new(letters);
    }

    private static List<object?> Split(TemplateRun run, string text, object? separator, object? most, bool fromEnd)
    {
        run.Charge(text.Length);
        var limit = ReferenceEquals(most, s_missing) || most is null ? -1 : TemplateValues.ToInteger(most) ?? throw run.Error("a count is an integer");
        var count = limit < 0 || limit >= int.MaxValue ? int.MaxValue : (int)limit + 1;
        if (ReferenceEquals(separator, s_missing) || separator is null)
        {
            return Words(text, count - (count == int.MaxValue ? 0 : 1), fromEnd);
        }

        var by = Text(run, separator) is { Length: > 0 } given ? given : throw run.Error("the separator is empty");
        if (!fromEnd)
        {
            return text.Split(by, count).ToList<object?>();
        }

        var parts = text.Split(by).ToList();
        var first = Math.Max(1, parts.Count - count + 1);
        return parts[first..].Prepend(string.Join(by, parts[..first])).ToList<object?>();
    }

    /// <summary>Between runs of white space; after so many cuts the rest stays whole.</summary>
    private static List<object?> Words(string text, int cuts, bool fromEnd)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length - 1 <= cuts)
        {
            return [.. words];
        }

        var parts = new List<object?>();
        var rest = fromEnd ? text.TrimEnd() : text.TrimStart();
        for (var i = 0; i < cuts; i++)
        {
            var at = fromEnd ? Array.FindLastIndex(rest.ToCharArray(), char.IsWhiteSpace) : Array.FindIndex(rest.ToCharArray(), char.IsWhiteSpace);
            parts.Add(fromEnd ? rest[(at + 1)..] : rest[..at]);
            rest = fromEnd ? rest[..at].TrimEnd() : rest[at..].TrimStart();
        }

        parts.Add(rest);
        if (fromEnd)
        {
            parts.Reverse();
        }

        return parts;
    }

    public static List<object?> Lines(string text, bool keepEnds)
    {
        var lines = new List<object?>();
        for (var at = 0; at < text.Length;)
        {
            var end = text.AsSpan(at).IndexOfAny('\n', '\r') is var offset and >= 0 ? at + offset : text.Length;
            var next = end < text.Length ? end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1) : end;
            lines.Add(text[at..(keepEnds ? next : end)]);
            at = next;
        }

        return lines;
    }

    private static TemplateTuple Partition(string text, string by, int at, bool last) =>
        at >= 0 ? new([text[..at], by, text[(at + by.Length)..]]) : last ? new(["", "", text]) : new([text, "", ""]);

    private static bool Any(TemplateRun run, object? parts, Func<string, bool> holds) => parts is TemplateTuple several ? several.Any(p => holds(Text(run, p))) : holds(Text(run, parts));

    private static long Position(string text, int at) => at < 0 ? -1 : TemplateValues.Characters(text[..at]);

    private static int Width(TemplateRun run, object? value)
    {
        var width = TemplateValues.ToInteger(value) ?? throw run.Error("a width is an integer");
        run.Charge(width);
        return (int)Math.Max(1, width);
    }

    private static char Fill(TemplateRun run, object? value) => ReferenceEquals(value, s_missing) ? ' ' : Text(run, value) is [var c] ? c : throw run.Error("one character fills");

    /// <summary>Places by number, by name, or in order: <c>{}</c>, <c>{0}</c>, <c>{name}</c>.</summary>
    private static string Format(TemplateRun run, string format, TemplateArguments arguments)
    {
        var (text, next) = (new StringBuilder(), 0);
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] is '{' or '}' && i + 1 < format.Length && format[i + 1] == format[i])
            {
                text.Append(format[i++]);
                continue;
            }

            if (format[i] != '{')
            {
                text.Append(format[i]);
                continue;
            }

            var end = format.IndexOf('}', i);
            var place = end < 0 ? throw run.Error("the format's place does not end") : format[(i + 1)..end];
            var at = place.Length == 0 ? next++ : int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
            var value = at >= 0 && at < arguments.Positional.Count ? arguments.Positional[at]
                : arguments.Named.FirstOrDefault(n => n.Key == place) is { Key: not null } named ? named.Value
                : throw run.Error($"the format's place '{{{place}}}' has no value or is not supported");
            text.Append(TemplateText.Of(run, value));
            run.Charge(text.Length / 64);
            run.Check(text.Length);
            i = end;
        }

        return run.Made(text.ToString());
    }
}
