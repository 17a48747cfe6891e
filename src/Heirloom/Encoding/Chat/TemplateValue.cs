namespace Heirloom.Encoding.Chat;

/// <summary>What a name that has no value gives: nothing when printed, an error when anything is asked of it.</summary>
/// <param name="Message">Why there is none.</param>
internal sealed record Undefined(string Message);

/// <summary>Keys and values in the order in which they came.</summary>
internal sealed class TemplateMap() : OrderedDictionary<object, object?>(TemplateKeys.Instance)
{
    private sealed class TemplateKeys : IEqualityComparer<object>
    {
        public static TemplateKeys Instance { get; } = new();

        public new bool Equals(object? x, object? y) => TemplateValues.AreEqual(x, y);

        public int GetHashCode(object obj) => TemplateValues.IsNumber(obj) ? TemplateValues.ToDouble(obj).GetHashCode() : obj.GetHashCode();
    }
}

/// <summary>A list of fixed length; differs from a list in how it prints.</summary>
internal sealed class TemplateTuple(IEnumerable<object?> items) : List<object?>(items);

/// <summary>What <c>namespace()</c> makes: names that can be set from within loops.</summary>
internal sealed class TemplateNamespace
{
    public Dictionary<string, object?> Values { get; } = [];
}

/// <summary>Something that can be called.</summary>
internal abstract class TemplateCallable
{
    public abstract string Name { get; }

    public abstract object? Call(TemplateRun run, TemplateArguments arguments);
}

/// <summary>A function of ours.</summary>
internal sealed class TemplateFunction(string name, string[] parameters, Func<TemplateRun, object?[], object?> body) : TemplateCallable
{
    public override string Name => name;

    public override object? Call(TemplateRun run, TemplateArguments arguments) => body(run, arguments.Bind(run, name, parameters));
}

/// <summary>A function that takes whatever it is given.</summary>
internal sealed class TemplateOpenFunction(string name, Func<TemplateRun, TemplateArguments, object?> body) : TemplateCallable
{
    public override string Name => name;

    public override object? Call(TemplateRun run, TemplateArguments arguments) => body(run, arguments);
}

/// <summary>Arguments of a call, evaluated.</summary>
internal sealed record TemplateArguments(IReadOnlyList<object?> Positional, IReadOnlyList<KeyValuePair<string, object?>> Named)
{
    /// <summary>Stands for an argument that was not given.</summary>
    public static object Missing { get; } = new();

    public static TemplateArguments None { get; } = new([], []);

    /// <summary>By the callee's parameters, <see cref="Missing"/> where nothing was given.</summary>
    /// <exception cref="UserError">Too many, twice or of unknown name.</exception>
    public object?[] Bind(TemplateRun run, string callee, IReadOnlyList<string> parameters)
    {
        if (Positional.Count > parameters.Count)
        {
            throw run.Error($"'{callee}' takes {(parameters.Count == 0 ? "no arguments" : $"at most {parameters.Count}")}, not {Positional.Count}");
        }

        var bound = new object?[parameters.Count];
        Array.Fill(bound, Missing);
        for (var i = 0; i < Positional.Count; i++)
        {
            bound[i] = Positional[i];
        }

        foreach (var (name, value) in Named)
        {
            var at = Enumerable.Range(0, parameters.Count).FirstOrDefault(i => parameters[i] == name, -1);
            bound[at < 0 || !ReferenceEquals(bound[at], Missing) ? throw run.Error($"'{callee}' {(at < 0 ? "has no" : "got twice the")} argument '{name}'") : at] = value;
        }

        return bound;
    }

    /// <summary>The arguments after the first so many.</summary>
    public TemplateArguments After(int count) => new([.. Positional.Skip(count)], Named);
}
