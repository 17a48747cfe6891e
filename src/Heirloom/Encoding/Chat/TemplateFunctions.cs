using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Chat;

/// <summary>Functions that every template may call.</summary>
internal static class TemplateFunctions
{
    private static readonly Dictionary<string, TemplateCallable> s_all = new TemplateCallable[]
    {
        new TemplateFunction("raise_exception", ["message"], (run, a) =>
            throw new UserError($"the template refuses: {(ReferenceEquals(a[0], TemplateArguments.Missing) ? "" : TemplateText.Of(run, a[0]))}", $"line {run.Line}")),
        new TemplateFunction("strftime_now", ["format"], (run, a) => Time(run, a[0] as string ?? throw run.Error("'strftime_now' needs a format"), run.Now)),
        new TemplateFunction("range", ["start", "stop", "step"], Range),
        new TemplateOpenFunction("namespace", Namespace),
        new TemplateOpenFunction("dict", Dict),
    }.ToDictionary(f => f.Name);

    public static TemplateCallable? Find(string name) => s_all.GetValueOrDefault(name);

    private static List<object?> Range(TemplateRun run, object?[] arguments)
    {
        var given = arguments.Where(a => !ReferenceEquals(a, TemplateArguments.Missing))
            .Select(a => a is long n ? n : throw run.Error($"'range' takes integers, not {TemplateValues.TypeName(a)}")).ToArray();
        var (start, stop, step) = given switch
        {
            [var only] => (0, only, 1L),
            [var from, var to] => (from, to, 1L),
            [var from, var to, var by] when by != 0 => (from, to, by),
            _ => throw run.Error("'range' takes one to three integers, the step not 0"),
        };
        var count = (Int128)stop - start;
        count = Int128.Max(0, step > 0 ? (count + step - 1) / step : (count + step + 1) / step);
        const int Most = 100_000;
        if (count > Most)
        {
            throw run.Error($"a range of more than {Most} integers");
        }

        run.Charge((long)count);
        return Enumerable.Range(0, (int)count).Select(object? (i) => start + (i * step)).ToList();
    }

    private static TemplateNamespace Namespace(TemplateRun run, TemplateArguments arguments)
    {
        var made = new TemplateNamespace();
        foreach (var (key, value) in Dict(run, arguments))
        {
            made.Values[TemplateText.Of(run, key)] = value;
        }

        return made;
    }

    private static TemplateMap Dict(TemplateRun run, TemplateArguments arguments)
    {
        var map = new TemplateMap();
        foreach (var source in arguments.Positional)
        {
            foreach (var (key, value) in source as TemplateMap ?? throw run.Error($"{TemplateValues.TypeName(source)} is no mapping"))
            {
                map[key] = value;
            }
        }

        foreach (var (name, value) in arguments.Named)
        {
            map[name] = value;
        }

        return map;
    }

    /// <summary>A date by C's codes, in English.</summary>
    private static string Time(TemplateRun run, string format, DateTimeOffset now)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            var bare = format[i + 1] == '-' && i + 2 < format.Length; // without leading zeros
            i += bare ? 2 : 1;
            var part = Part(run, format[i], now);
            text.Append(bare ? part.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : "0" : part);
        }

        return run.Made(text.ToString());
    }

    private static string Part(TemplateRun run, char code, DateTimeOffset now) => code switch
    {
        'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'u' => (now.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'w' => ((int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        's' => now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'f' => now.ToString("ffffff", CultureInfo.InvariantCulture),
        'z' or 'Z' => "", // local times carry no zone
        '%' => "%",
        'n' => "\n",
        't' => "\t",
        _ => now.ToString(code switch
        {
            'Y' => "yyyy",
            'y' => "yy",
            'm' => "MM",
            'd' => "dd",
            'B' => "MMMM",
            'b' or 'h' => "MMM",
            'A' => "dddd",
            'a' => "ddd",
            'H' => "HH",
            'I' => "hh",
            'M' => "mm",
            'S' => "ss",
            'p' => "tt",
            'F' => "yyyy'-'MM'-'dd",
            'T' or 'X' => "HH':'mm':'ss",
            'R' => "HH':'mm",
            'D' or 'x' => "MM'/'dd'/'yy",
            'c' => "ddd MMM d HH':'mm':'ss yyyy",
            _ => throw run.Error($"'strftime_now' does not know '%{code}'"),
        }, CultureInfo.InvariantCulture),
    };
}
