namespace Heirloom.Data.Formats;

/// <summary>A value of R, as far as data needs it. Functions and environments are kept as <see cref="ROpaque"/>.</summary>
public abstract record RValue
{
    private static readonly IReadOnlyDictionary<string, RValue> _none = new Dictionary<string, RValue>();

    /// <summary>Attributes by name (<c>names</c>, <c>class</c>, <c>levels</c>, <c>dim</c>, …).</summary>
    public IReadOnlyDictionary<string, RValue> Attributes { get; internal set; } = _none;

    /// <summary>An attribute of strings, or none.</summary>
    public IReadOnlyList<string?> Strings(string attribute) => Attributes.TryGetValue(attribute, out var value) && value is RStrings strings ? strings.Values : [];
}

/// <summary><c>NULL</c>.</summary>
public sealed record RNull : RValue
{
    public static RNull Instance { get; } = new();
}

/// <summary>A character vector; null is <c>NA</c>. A symbol is a vector of one.</summary>
public sealed record RStrings(string?[] Values) : RValue;

/// <summary>An integer vector or a factor's codes; <see cref="Missing"/> is <c>NA</c>.</summary>
public sealed record RIntegers(int[] Values) : RValue
{
    public const int Missing = int.MinValue;
}

/// <summary>A logical vector: 0, 1 or <see cref="RIntegers.Missing"/>.</summary>
public sealed record RLogicals(int[] Values) : RValue;

/// <summary>A numeric vector; <c>NA</c> is a NaN.</summary>
public sealed record RNumbers(double[] Values) : RValue;

/// <summary>Raw bytes.</summary>
public sealed record RBytes(byte[] Values) : RValue;

/// <summary>A list, or a pair list with its tags as <c>names</c>.</summary>
public sealed record RList(IReadOnlyList<RValue> Values) : RValue
{
    /// <summary>The element of a name, or null.</summary>
    public RValue? this[string name]
    {
        get
        {
            var names = Strings("names");
            for (var i = 0; i < Values.Count && i < names.Count; i++)
            {
                if (names[i] == name)
                {
                    return Values[i];
                }
            }

            return null;
        }
    }
}

/// <summary>Something that is no data.</summary>
public sealed record ROpaque(string Type) : RValue;

/// <summary>A data frame: named columns of one length.</summary>
public sealed class RFrame
{
    private readonly Dictionary<string, RValue> _columns = [];

    /// <param name="value">A list with the class <c>data.frame</c>.</param>
    /// <param name="where">Named in errors.</param>
    /// <exception cref="UserError">It is no data frame, or its columns differ in length.</exception>
    public RFrame(RValue value, string where)
    {
        var names = value.Strings("names");
        if (value is not RList list || names.Count != list.Values.Count || !value.Strings("class").Contains("data.frame"))
        {
            throw new UserError("this is no data frame", where);
        }

        for (var i = 0; i < names.Count; i++)
        {
            var length = Length(list.Values[i]);
            if (names[i] is not { } name || !_columns.TryAdd(name, list.Values[i]) || (i > 0 && length != Rows))
            {
                throw new UserError($"the data frame's column {i + 1} ('{names[i]}') has no name of its own or another length than the first", where);
            }

            Rows = length;
        }

        Names = [.. names.Select(name => name!)];
        Where = where;
    }

    public IReadOnlyList<string> Names { get; }

    public int Rows { get; }

    private string Where { get; }

    /// <summary>A column as text: strings as they are, factors by their levels, numbers written out; null where missing.</summary>
    /// <exception cref="UserError">There is no such column, or it is neither.</exception>
    public string?[] Text(string column) => Column(column) switch
    {
        RStrings strings => strings.Values,
        RIntegers factor when factor.Attributes.ContainsKey("levels") => Levels(factor, column),
        RIntegers or RLogicals or RNumbers => [.. Numbers(column).Select(x => double.IsNaN(x) ? null : x.ToString())],
        _ => throw new UserError($"the column '{column}' holds neither text nor numbers", Where),
    };

    /// <summary>A column as numbers: a factor by its codes from 1; NaN where missing.</summary>
    /// <exception cref="UserError">There is no such column, or it does not hold numbers.</exception>
    public double[] Numbers(string column) => Column(column) switch
    {
        RNumbers numbers => numbers.Values,
        RIntegers integers => [.. integers.Values.Select(Number)],
        RLogicals logicals => [.. logicals.Values.Select(Number)],
        _ => throw new UserError($"the column '{column}' does not hold numbers", Where),
    };

    private static double Number(int value) => value == RIntegers.Missing ? double.NaN : value;

    private static int Length(RValue value) => value switch
    {
        RStrings v => v.Values.Length,
        RIntegers v => v.Values.Length,
        RLogicals v => v.Values.Length,
        RNumbers v => v.Values.Length,
        RBytes v => v.Values.Length,
        RList v => v.Values.Count,
        _ => 0,
    };

    private string?[] Levels(RIntegers factor, string column)
    {
        var levels = factor.Strings("levels");
        return [.. factor.Values.Select(code => code == RIntegers.Missing ? null
            : code >= 1 && code <= levels.Count ? levels[code - 1]
            : throw new UserError($"the factor '{column}' has the code {code} and {levels.Count} levels", Where))];
    }

    private RValue Column(string name) =>
        _columns.TryGetValue(name, out var column) ? column : throw new UserError($"there is no column '{name}'", Where, UserError.Nearest(name, Names));
}
