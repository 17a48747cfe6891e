using System.Runtime.CompilerServices;

namespace Heirloom.Encoding.Chat;

/// <summary>
/// What values of templates mean: truth, equality, order, iteration. They are null, bool, long, double, string, <see cref="List{T}"/>,
/// <see cref="TemplateMap"/> and callables, and behave as Python's do, for which templates are written.
/// </summary>
internal static class TemplateValues
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        long n => n != 0,
        double d => d != 0,
        string s => s.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateMap map => map.Count > 0,
        _ => true,
    };

    public static bool IsNumber(object? value) => value is bool or long or double;

    public static double ToDouble(object? value) => value switch { bool b => b ? 1 : 0, long n => n, _ => (double)value! };

    public static long? ToInteger(object? value) => value switch { bool b => b ? 1 : 0, long n => n, _ => null };

    public static string TypeName(object? value) => value switch
    {
        null => "none",
        Undefined => "an undefined value",
        bool => "a boolean",
        long => "an integer",
        double => "a number",
        string => "a string",
        List<object?> => "a list",
        TemplateMap => "a mapping",
        TemplateCallable => "a function",
        _ => "an object",
    };

    public static bool AreEqual(object? a, object? b)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return (a, b) switch
        {
            (null, null) or (Undefined, Undefined) => true,
            (string x, string y) => x == y,
            (long x, long y) => x == y,
            _ when IsNumber(a) && IsNumber(b) => ToDouble(a) == ToDouble(b),
            (List<object?> x, List<object?> y) => x.Count == y.Count && x is TemplateTuple == y is TemplateTuple && x.Zip(y).All(p => AreEqual(p.First, p.Second)),
            (TemplateMap x, TemplateMap y) => x.Count == y.Count && x.All(p => y.TryGetValue(p.Key, out var other) && AreEqual(p.Value, other)),
            _ => ReferenceEquals(a, b),
        };
    }

    /// <summary>Negative, zero or positive.</summary>
    /// <exception cref="UserError">They have no order.</exception>
    public static int Compare(TemplateRun run, object? a, object? b)
    {
        run.Charge(0);
        return (a, b) switch
        {
            (string x, string y) => CompareText(x, y),
            (long x, long y) => x.CompareTo(y),
            _ when IsNumber(a) && IsNumber(b) => ToDouble(a).CompareTo(ToDouble(b)),
            (List<object?> x, List<object?> y) => x.Zip(y).Where(p => !AreEqual(p.First, p.Second)).Select(p => Compare(run, p.First, p.Second)).FirstOrDefault() is var c and not 0 ? c : x.Count.CompareTo(y.Count),
            _ => throw run.Error($"{TypeName(a)} and {TypeName(b)} have no order"),
        };
    }

    /// <summary>The items of a list, the keys of a mapping, the characters of a string.</summary>
    /// <exception cref="UserError">It has none.</exception>
    public static IReadOnlyList<object?> Items(TemplateRun run, object? value)
    {
        switch (value)
        {
            case List<object?> list:
                run.Charge(list.Count);
                return list;
            case TemplateMap map:
                run.Charge(map.Count);
                return [.. map.Keys];
            case string text:
                run.Charge(text.Length);
                return [.. text.EnumerateRunes().Select(object (r) => r.ToString())];
            case Undefined:
                return [];
            default:
                throw run.Error($"{TypeName(value)} has no items to go over");
        }
    }

    /// <summary>Whether it is among a list's items, a mapping's keys, or within a string.</summary>
    public static bool Contains(TemplateRun run, object? container, object? item) => container switch
    {
        string text => item is string part ? text.Contains(part, StringComparison.Ordinal) : throw run.Error($"{TypeName(item)} cannot be within a string"),
        TemplateMap map => item is not null && map.ContainsKey(item),
        _ => Items(run, container).Any(i => AreEqual(i, item)),
    };

    /// <summary>How many items, keys or characters.</summary>
    /// <exception cref="UserError">It has none.</exception>
    public static long Length(TemplateRun run, object? value) => value switch
    {
        string text => Characters(text),
        List<object?> list => list.Count,
        TemplateMap map => map.Count,
        Undefined => 0,
        _ => throw run.Error($"{TypeName(value)} has no length"),
    };

    /// <summary>Code points.</summary>
    public static int Characters(string text) => text.Length - text.Zip(text.Skip(1)).Count(p => char.IsSurrogatePair(p.First, p.Second));

    /// <summary>Part of a list or a string, by steps from start to stop.</summary>
    public static object? Slice(TemplateRun run, object? value, object? start, object? stop, object? step)
    {
        if (value is not (string or List<object?>))
        {
            throw run.Error($"{TypeName(value)} cannot be sliced");
        }

        var items = Items(run, value);
        var by = Index(run, step) ?? 1;
        if (by == 0)
        {
            throw run.Error("a slice's step is 0");
        }

        var (low, high) = by > 0 ? (0, items.Count) : (-1, items.Count - 1);
        var (from, to) = (Bound(start, by > 0 ? low : high), Bound(stop, by > 0 ? high : low));
        var taken = new List<object?>();
        for (var i = from; by > 0 ? i < to : i > to; i += by)
        {
            taken.Add(items[(int)i]);
        }

        return value is string ? string.Concat(taken) : value is TemplateTuple ? new TemplateTuple(taken) : taken;

        long Bound(object? bound, long otherwise) =>
            Index(run, bound) is not { } index ? otherwise : Math.Clamp(index < 0 ? index + items.Count : index, low, high);
    }

    private static long? Index(TemplateRun run, object? value) => value is null ? null : ToInteger(value) is { } index
        ? Math.Clamp(index, -int.MaxValue, int.MaxValue)
        : throw run.Error($"{TypeName(value)} is no index");

    /// <summary>By code points; UTF-16 order differs above the basic plane.</summary>
    private static int CompareText(string a, string b)
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        var (x, y) = (a[common], b[common]);
        return char.IsSurrogate(x) == char.IsSurrogate(y) ? x.CompareTo(y) : char.IsSurrogate(x) ? 1 : -1;
    }
}
