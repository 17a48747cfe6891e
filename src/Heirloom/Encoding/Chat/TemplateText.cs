using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Chat;

/// <summary>How values print: as Python would, and as JSON.</summary>
internal static class TemplateText
{
    public static string Of(TemplateRun run, object? value) => value is string text ? text : value is Undefined ? "" : Represent(run, value);

    /// <summary>As it would be written in a program: strings in quotes.</summary>
    public static string Represent(TemplateRun run, object? value)
    {
        run.Charge(0);
        return run.Made(value switch
        {
            null => "None",
            bool b => b ? "True" : "False",
            long n => n.ToString(CultureInfo.InvariantCulture),
            double d => Float(d),
            string s => Quoted(s),
            Undefined => "Undefined",
            TemplateTuple { Count: 1 } single => $"({Represent(run, single[0])},)",
            TemplateTuple tuple => $"({string.Join(", ", tuple.Select(i => Represent(run, i)))})",
            List<object?> list => $"[{string.Join(", ", list.Select(i => Represent(run, i)))}]",
            TemplateMap map => $"{{{string.Join(", ", map.Select(p => $"{Represent(run, p.Key)}: {Represent(run, p.Value)}"))}}}",
            TemplateCallable callable => $"<function {callable.Name}>",
            _ => "<object>",
        });
    }

    /// <summary>Texts with another between them; no more of it is made than may be.</summary>
    public static string Joined(TemplateRun run, string between, IEnumerable<string> parts)
    {
        var joined = new StringBuilder();
        var first = true;
        foreach (var part in parts)
        {
            joined.Append(first ? "" : between).Append(part);
            run.Check(joined.Length);
            first = false;
        }

        return run.Made(joined.ToString());
    }

    /// <summary>As JSON, with Python's spaces: <c>{"a": [1, 2]}</c>.</summary>
    /// <param name="run">Pays.</param>
    /// <param name="value">What to write.</param>
    /// <param name="indent">What a level is indented by; null for one line.</param>
    /// <param name="item">Between items.</param>
    /// <param name="key">Between a key and its value.</param>
    /// <param name="sort">Whether keys are sorted.</param>
    /// <param name="ascii">Whether other characters are escaped.</param>
    public static string Json(TemplateRun run, object? value, string? indent, string item, string key, bool sort, bool ascii)
    {
        var json = new StringBuilder();
        Write(value, "\n");
        return run.Made(json.ToString());

        void Write(object? node, string line)
        {
            run.Charge(json.Length / 64);
            run.Check(json.Length);
            switch (node)
            {
                case null: json.Append("null"); break;
                case bool b: json.Append(b ? "true" : "false"); break;
                case long n: json.Append(n.ToString(CultureInfo.InvariantCulture)); break;
                case double d: json.Append(double.IsNaN(d) ? "NaN" : double.IsInfinity(d) ? d > 0 ? "Infinity" : "-Infinity" : Float(d)); break;
                case string s: String(s); break;
                case List<object?> { Count: 0 }: json.Append("[]"); break;
                case TemplateMap { Count: 0 }: json.Append("{}"); break;
                case List<object?> list: Items('[', ']', list, line, Write); break;
                case TemplateMap map:
                    Items('{', '}', sort ? map.OrderBy(p => Of(run, p.Key), StringComparer.Ordinal) : map.AsEnumerable(), line, (p, inner) =>
                    {
                        String(p.Key is string text ? text : p.Key is bool b ? b ? "true" : "false" : Of(run, p.Key));
                        json.Append(key);
                        Write(p.Value, inner);
                    });
                    break;
                default: throw run.Error($"{TemplateValues.TypeName(node)} cannot be written as JSON");
            }
        }

        void Items<T>(char open, char close, IEnumerable<T> items, string line, Action<T, string> write)
        {
            json.Append(open);
            run.Check((long)line.Length + (indent?.Length ?? 0)); // an indent may be any text
            var inner = line + indent;
            var first = true;
            foreach (var one in items)
            {
                json.Append(first ? "" : item).Append(indent is null ? "" : inner);
                write(one, inner);
                first = false;
            }

            json.Append(indent is null ? "" : line).Append(close);
        }

        void String(string text)
        {
            json.Append('"');
            foreach (var c in text)
            {
                run.Check(json.Length);
                _ = c switch
                {
                    '"' => json.Append("\\\""),
                    '\\' => json.Append("\\\\"),
                    '\n' => json.Append("\\n"),
                    '\r' => json.Append("\\r"),
                    '\t' => json.Append("\\t"),
                    '\b' => json.Append("\\b"),
                    '\f' => json.Append("\\f"),
                    < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                    > '~' when ascii => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                    _ => json.Append(c),
                };
            }

            json.Append('"');
        }
    }

    /// <summary>The shortest digits that give the number back, with a point or an exponent.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        // the framework finds the shortest digits too, but changes to an exponent elsewhere
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var digits = shortest[0].Replace(".", "", StringComparison.Ordinal);
        var point = (shortest[0].IndexOf('.', StringComparison.Ordinal) is var dot and >= 0 ? dot : digits.Length) + (shortest.Length > 1 ? int.Parse(shortest[1], CultureInfo.InvariantCulture) : 0);
        var zeros = digits.TakeWhile(d => d == '0').Count();
        (digits, point) = zeros == digits.Length ? ("0", 1) : (digits[zeros..].TrimEnd('0'), point - zeros);
        var sign = double.IsNegative(value) ? "-" : "";
        if (point is <= -4 or > 16)
        {
            return $"{sign}{digits[..1]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(point > 0 ? "+" : "-")}{Math.Abs(point - 1):00}";
        }

        return sign + (point <= 0 ? "0." + new string('0', -point) + digits
            : digits.Length <= point ? digits.PadRight(point, '0') + ".0"
            : $"{digits[..point]}.{digits[point..]}");
    }

    private static string Quoted(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var quoted = new StringBuilder().Append(quote);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                _ when c == quote => quoted.Append('\\').Append(c),
                < ' ' or (char)0x7f => quoted.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append(quote).ToString();
    }
}
