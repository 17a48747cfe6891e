using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Chat;

/// <summary>The operators of numbers, strings and lists.</summary>
internal static class TemplateArithmetic
{
    public static object? Apply(TemplateRun run, string op, object? left, object? right)
    {
        foreach (var side in (ReadOnlySpan<object?>)[left, right])
        {
            if (side is Undefined undefined && op != "~")
            {
                throw run.Error(undefined.Message);
            }
        }

        try
        {
            return (op, left, right) switch
            {
                ("~", _, _) => run.Made(TemplateText.Of(run, left) + TemplateText.Of(run, right)),
                ("+", string a, string b) => run.Made(a + b),
                ("+", List<object?> a, List<object?> b) => Joined(run, a, b),
                ("*", string a, _) when TemplateValues.ToInteger(right) is { } n => Repeated(run, a, n),
                ("*", _, string b) when TemplateValues.ToInteger(left) is { } n => Repeated(run, b, n),
                ("*", List<object?> a, _) when TemplateValues.ToInteger(right) is { } n => Repeated(run, a, n),
                ("%", string a, _) => Format(run, a, right is TemplateTuple tuple ? tuple : [right]),
                _ when op != "/" && TemplateValues.ToInteger(left) is { } a && TemplateValues.ToInteger(right) is { } b => Integers(run, op, a, b),
                _ when TemplateValues.IsNumber(left) && TemplateValues.IsNumber(right) => Numbers(run, op, TemplateValues.ToDouble(left), TemplateValues.ToDouble(right)),
                _ => throw run.Error($"'{op}' does not go with {TemplateValues.TypeName(left)} and {TemplateValues.TypeName(right)}"),
            };
        }
        catch (OverflowException)
        {
            throw run.Error("the number is too large");
        }
    }

    /// <summary>Old-style formatting: <c>%s</c>, <c>%d</c>, <c>%.2f</c>, <c>%r</c>, <c>%%</c>.</summary>
    public static string Format(TemplateRun run, string format, IReadOnlyList<object?> values)
    {
        var (text, next) = (new StringBuilder(), 0);
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            var start = ++i;
            while (i < format.Length && !char.IsLetter(format[i]) && format[i] != '%')
            {
                i++;
            }

            var kind = i < format.Length ? format[i] : throw run.Error("the format ends within a place");
            if (kind == '%')
            {
                text.Append('%');
                continue;
            }

            var value = next < values.Count ? values[next++] : throw run.Error("the format has more places than there are values");
            var spec = format[start..i];
            var precision = spec.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0 && int.TryParse(spec[(dot + 1)..], out var digits) ? Math.Min(digits, 60) : 6;
            var shown = kind switch
            {
                's' => TemplateText.Of(run, value),
                'r' => TemplateText.Represent(run, value),
                'd' or 'i' when TemplateValues.IsNumber(value) => Math.Truncate(TemplateValues.ToDouble(value)).ToString("F0", CultureInfo.InvariantCulture),
                'f' when TemplateValues.IsNumber(value) => TemplateValues.ToDouble(value).ToString("F" + precision, CultureInfo.InvariantCulture),
                _ => throw run.Error($"the format's place '%{spec}{kind}' is not supported for {TemplateValues.TypeName(value)}"),
            };
            var flags = spec.Split('.')[0];
            var width = int.TryParse(flags.TrimStart('-', '0', '+', ' '), out var wanted) ? Math.Min(wanted, 10_000) : 0;
            text.Append(flags.StartsWith('-') ? shown.PadRight(width) : shown.PadLeft(width, flags.StartsWith('0') && kind != 's' ? '0' : ' '));
            run.Check(text.Length);
        }

        return next == values.Count ? run.Made(text.ToString()) : throw run.Error("the format has fewer places than there are values");
    }

    private static object Integers(TemplateRun run, string op, long a, long b)
    {
        checked
        {
            switch (op)
            {
                case "+": return a + b;
                case "-": return a - b;
                case "*": return a * b;
                case "//" or "%" when b == 0: throw run.Error("division by zero");
                case "//": return (a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
                case "%": return b == -1 ? 0 : ((a % b) + b) % b;
                case "**" when b < 0: return Math.Pow(a, b);
                case "**" when b > 63 && a is not (0 or 1 or -1): throw new OverflowException();
                case "**":
                    var power = 1L;
                    for (var i = 0L; i < (a is 0 or 1 or -1 ? b % 2 == 0 ? Math.Min(b, 2) : 1 : b); i++)
                    {
                        power *= a;
                    }

                    return power;
                default: throw run.Error($"'{op}' is no operator of numbers");
            }
        }
    }

    private static double Numbers(TemplateRun run, string op, double a, double b) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" or "//" or "%" when b == 0 => throw run.Error("division by zero"),
        "/" => a / b,
        "//" => Math.Floor(a / b),
        "%" => a - (b * Math.Floor(a / b)),
        "**" => Math.Pow(a, b),
        _ => throw run.Error($"'{op}' is no operator of numbers"),
    };

    private static string Repeated(TemplateRun run, string text, long times)
    {
        times = Math.Max(0, times);
        run.Charge(checked(text.Length * times));
        return new StringBuilder(text.Length * (int)times).Insert(0, text, text.Length == 0 ? 0 : (int)times).ToString();
    }

    private static List<object?> Repeated(TemplateRun run, List<object?> list, long times)
    {
        run.Charge(checked(list.Count * Math.Max(0, times)));
        return [.. Enumerable.Range(0, list.Count == 0 ? 0 : (int)Math.Max(0, times)).SelectMany(_ => list)];
    }

    private static List<object?> Joined(TemplateRun run, List<object?> a, List<object?> b)
    {
        run.Charge(a.Count + b.Count);
        return a is TemplateTuple && b is TemplateTuple ? new TemplateTuple([.. a, .. b]) : [.. a, .. b];
    }
}
