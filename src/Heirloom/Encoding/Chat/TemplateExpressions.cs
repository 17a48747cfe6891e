namespace Heirloom.Encoding.Chat;

/// <summary>A part of a template that has a value.</summary>
internal abstract record TemplateExpression(int Line)
{
    public abstract object? Evaluate(TemplateRun run);
}

internal sealed record Literal(int Line, object? Value) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run) => Value;
}

internal sealed record Name(int Line, string Value) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run) =>
        run.Scope.TryGet(Value, out var value) ? value : TemplateFunctions.Find(Value) ?? (object)new Undefined($"'{Value}' is undefined");
}

internal sealed record ListLiteral(int Line, IReadOnlyList<TemplateExpression> Items, bool IsTuple) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var items = Items.Select(run.Evaluate).ToList();
        return IsTuple ? new TemplateTuple(items) : items;
    }
}

internal sealed record MapLiteral(int Line, IReadOnlyList<(TemplateExpression Key, TemplateExpression Value)> Items) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var map = new TemplateMap();
        foreach (var (key, value) in Items)
        {
            map[TemplateMembers.Key(run, run.Evaluate(key))] = run.Evaluate(value);
        }

        return map;
    }
}

internal sealed record Member(int Line, TemplateExpression Target, string Value) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var target = run.Evaluate(Target);
        run.Line = Line;
        return TemplateMembers.Attribute(run, target, Value);
    }
}

internal sealed record Subscript(int Line, TemplateExpression Target, TemplateExpression Index) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var (target, index) = (run.Evaluate(Target), run.Evaluate(Index));
        run.Line = Line;
        return TemplateMembers.Item(run, target, index);
    }
}

internal sealed record SliceOf(int Line, TemplateExpression Target, TemplateExpression? Start, TemplateExpression? Stop, TemplateExpression? Step) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var target = run.Evaluate(Target);
        return TemplateValues.Slice(run, target, Of(Start), Of(Stop), Of(Step));

        object? Of(TemplateExpression? part) => part is null ? null : run.Evaluate(part);
    }
}

/// <summary>Arguments as they are written; <c>*list</c> and <c>**mapping</c> are spread.</summary>
internal sealed record ArgumentList(IReadOnlyList<(string? Name, int Stars, TemplateExpression Value)> Items)
{
    public static ArgumentList Empty { get; } = new([]);

    public TemplateArguments Evaluate(TemplateRun run)
    {
        if (Items.Count == 0)
        {
            return TemplateArguments.None;
        }

        var (positional, named) = (new List<object?>(), new List<KeyValuePair<string, object?>>());
        foreach (var (name, stars, expression) in Items)
        {
            var value = run.Evaluate(expression);
            if (stars == 1)
            {
                positional.AddRange(TemplateValues.Items(run, value));
            }
            else if (stars == 2)
            {
                named.AddRange(value is TemplateMap map ? map.Select(p => KeyValuePair.Create(TemplateText.Of(run, p.Key), p.Value)) : throw run.Error("what stands after '**' is no mapping"));
            }
            else if (name is not null)
            {
                named.Add(KeyValuePair.Create(name, value));
            }
            else
            {
                positional.Add(value);
            }
        }

        return new(positional, named);
    }
}

internal sealed record CallOf(int Line, TemplateExpression Target, ArgumentList Arguments) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var target = run.Evaluate(Target);
        var arguments = Arguments.Evaluate(run);
        run.Line = Line;
        return target switch
        {
            TemplateCallable callable => callable.Call(run, arguments),
            Undefined undefined => throw run.Error(undefined.Message),
            _ => throw run.Error($"{TemplateValues.TypeName(target)} cannot be called"),
        };
    }
}

/// <summary>A filter, <c>value | name(arguments)</c>.</summary>
internal sealed record FilterOf(int Line, TemplateExpression Value, string Name, ArgumentList Arguments) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var value = run.Evaluate(Value);
        var arguments = Arguments.Evaluate(run);
        run.Line = Line;
        return TemplateFilters.Apply(run, Name, value, arguments);
    }
}

/// <summary>A test, <c>value is name(arguments)</c>.</summary>
internal sealed record TestOf(int Line, TemplateExpression Value, string Name, ArgumentList Arguments, bool Negated) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var value = run.Evaluate(Value);
        var arguments = Arguments.Evaluate(run);
        run.Line = Line;
        return TemplateTests.Holds(run, Name, value, arguments) != Negated;
    }
}

internal sealed record Negation(int Line, TemplateExpression Value) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run) => !TemplateValues.IsTrue(run.Evaluate(Value));
}

internal sealed record Signed(int Line, TemplateExpression Value, bool Minus) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run) => run.Evaluate(Value) switch
    {
        double d => Minus ? -d : d,
        var value when TemplateValues.ToInteger(value) is { } n => (object)(Minus ? -n : n),
        var value => throw run.Error($"{TemplateValues.TypeName(value)} has no sign"),
    };
}

/// <summary><c>and</c>, <c>or</c>: the value that decides.</summary>
internal sealed record Logical(int Line, TemplateExpression Left, TemplateExpression Right, bool And) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var left = run.Evaluate(Left);
        return TemplateValues.IsTrue(left) == And ? run.Evaluate(Right) : left;
    }
}

internal sealed record Arithmetic(int Line, string Operator, TemplateExpression Left, TemplateExpression Right) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var (left, right) = (run.Evaluate(Left), run.Evaluate(Right));
        run.Line = Line;
        return TemplateArithmetic.Apply(run, Operator, left, right);
    }
}

/// <summary>A chain, <c>a &lt; b &lt;= c</c>: every neighbour pair holds.</summary>
internal sealed record Comparison(int Line, TemplateExpression First, IReadOnlyList<(string Operator, TemplateExpression Value)> Rest) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run)
    {
        var left = run.Evaluate(First);
        foreach (var (op, expression) in Rest)
        {
            var right = run.Evaluate(expression);
            run.Line = Line;
            if (!TemplateTests.Compare(run, op, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }
}

/// <summary><c>a if condition else b</c>.</summary>
internal sealed record Conditional(int Line, TemplateExpression Condition, TemplateExpression Then, TemplateExpression? Else) : TemplateExpression(Line)
{
    public override object? Evaluate(TemplateRun run) =>
        TemplateValues.IsTrue(run.Evaluate(Condition)) ? run.Evaluate(Then)
        : Else is not null ? run.Evaluate(Else)
        : new Undefined("the condition is false and there is no 'else'");
}
