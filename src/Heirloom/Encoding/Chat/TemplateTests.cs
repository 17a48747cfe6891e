namespace Heirloom.Encoding.Chat;

/// <summary>Tests, <c>value is name</c>, and comparisons, of which several are tests too.</summary>
internal static class TemplateTests
{
    private static readonly Dictionary<string, Func<TemplateRun, object?, object?, bool>> s_all = new()
    {
        ["defined"] = (_, v, _) => v is not Undefined,
        ["undefined"] = (_, v, _) => v is Undefined,
        ["none"] = (_, v, _) => v is null,
        ["boolean"] = (_, v, _) => v is bool,
        ["true"] = (_, v, _) => v is true,
        ["false"] = (_, v, _) => v is false,
        ["integer"] = (_, v, _) => v is long,
        ["float"] = (_, v, _) => v is double,
        ["number"] = (_, v, _) => TemplateValues.IsNumber(v),
        ["string"] = (_, v, _) => v is string,
        ["mapping"] = (_, v, _) => v is TemplateMap,
        ["sequence"] = (_, v, _) => v is string or List<object?> or TemplateMap or Undefined,
        ["iterable"] = (_, v, _) => v is string or List<object?> or TemplateMap or Undefined,
        ["callable"] = (_, v, _) => v is TemplateCallable,
        ["odd"] = (run, v, _) => Integer(run, v) % 2 != 0,
        ["even"] = (run, v, _) => Integer(run, v) % 2 == 0,
        ["divisibleby"] = (run, v, by) => Integer(run, by) is var n and not 0 ? Integer(run, v) % n == 0 : throw run.Error("division by zero"),
        ["upper"] = (run, v, _) => TemplateText.Of(run, v) is var t && t.Any(char.IsUpper) && !t.Any(char.IsLower),
        ["lower"] = (run, v, _) => TemplateText.Of(run, v) is var t && t.Any(char.IsLower) && !t.Any(char.IsUpper),
        ["sameas"] = (_, v, other) => ReferenceEquals(v, other) || (v is bool or null or long && v?.GetType() == other?.GetType() && TemplateValues.AreEqual(v, other)),
        ["in"] = (run, v, container) => Compare(run, "in", v, container),
        ["eq"] = (run, v, other) => Compare(run, "==", v, other),
        ["equalto"] = (run, v, other) => Compare(run, "==", v, other),
        ["=="] = (run, v, other) => Compare(run, "==", v, other),
        ["ne"] = (run, v, other) => Compare(run, "!=", v, other),
        ["!="] = (run, v, other) => Compare(run, "!=", v, other),
        ["lt"] = (run, v, other) => Compare(run, "<", v, other),
        ["lessthan"] = (run, v, other) => Compare(run, "<", v, other),
        ["<"] = (run, v, other) => Compare(run, "<", v, other),
        ["le"] = (run, v, other) => Compare(run, "<=", v, other),
        ["<="] = (run, v, other) => Compare(run, "<=", v, other),
        ["gt"] = (run, v, other) => Compare(run, ">", v, other),
        ["greaterthan"] = (run, v, other) => Compare(run, ">", v, other),
        [">"] = (run, v, other) => Compare(run, ">", v, other),
        ["ge"] = (run, v, other) => Compare(run, ">=", v, other),
        [">="] = (run, v, other) => Compare(run, ">=", v, other),
        ["filter"] = (run, v, _) => TemplateFilters.Has(TemplateText.Of(run, v)),
        ["test"] = (run, v, _) => s_all!.ContainsKey(TemplateText.Of(run, v)),
    };

    private static readonly HashSet<string> s_binary = ["divisibleby", "sameas", "in", "eq", "equalto", "==", "ne", "!=", "lt", "lessthan", "<", "le", "<=", "gt", "greaterthan", ">", "ge", ">="];

    public static IEnumerable<string> Names => s_all.Keys;

    public static bool Has(string name) => s_all.ContainsKey(name);

    public static bool Holds(TemplateRun run, string name, object? value, TemplateArguments arguments)
    {
        if (!s_all.TryGetValue(name, out var test))
        {
            throw run.Error($"there is no test '{name}'", UserError.Nearest(name, Names));
        }

        var bound = arguments.Bind(run, name, s_binary.Contains(name) ? ["other"] : []);
        return bound is [var other]
            ? test(run, value, ReferenceEquals(other, TemplateArguments.Missing) ? throw run.Error($"the test '{name}' needs a value to compare with") : other)
            : test(run, value, null);
    }

    public static bool Compare(TemplateRun run, string op, object? left, object? right)
    {
        run.Charge(0);
        return op switch
        {
            "==" => TemplateValues.AreEqual(left, right),
            "!=" => !TemplateValues.AreEqual(left, right),
            "in" => TemplateValues.Contains(run, right, left),
            "not in" => !TemplateValues.Contains(run, right, left),
            "<" => TemplateValues.Compare(run, left, right) < 0,
            "<=" => TemplateValues.Compare(run, left, right) <= 0,
            ">" => TemplateValues.Compare(run, left, right) > 0,
            ">=" => TemplateValues.Compare(run, left, right) >= 0,
            _ => throw run.Error($"'{op}' compares nothing"),
        };
    }

    private static long Integer(TemplateRun run, object? value) => TemplateValues.ToInteger(value) ?? throw run.Error($"an integer is needed here, not {TemplateValues.TypeName(value)}");
}
