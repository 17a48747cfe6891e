namespace Heirloom.Encoding.Chat;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A part of a template that writes or sets.</summary>
internal abstract record TemplateStatement(int Line)
{
    public abstract Flow Execute(TemplateRun run);
}

internal sealed record Body(IReadOnlyList<TemplateStatement> Statements)
{
    public Flow Execute(TemplateRun run)
    {
        foreach (var statement in Statements)
        {
            run.Charge(0);
            run.Line = statement.Line;
            if (statement.Execute(run) is var flow and not Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }
}

internal sealed record TextStatement(int Line, string Text) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        run.Write(Text);
        return Flow.Next;
    }
}

internal sealed record OutputStatement(int Line, TemplateExpression Value) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        run.Write(TemplateText.Of(run, run.Evaluate(Value)));
        return Flow.Next;
    }
}

internal sealed record IfStatement(int Line, IReadOnlyList<(TemplateExpression Condition, Body Body)> Branches, Body? Else) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        foreach (var (condition, body) in Branches)
        {
            if (TemplateValues.IsTrue(run.Evaluate(condition)))
            {
                return body.Execute(run);
            }
        }

        return Else?.Execute(run) ?? Flow.Next;
    }
}

/// <summary>Names that take a value: <c>x</c>, <c>x, y</c>, <c>space.x</c>.</summary>
internal sealed record AssignmentTarget(int Line, IReadOnlyList<(string Name, string? Member)> Names, bool IsTuple)
{
    public void Assign(TemplateRun run, TemplateScope scope, object? value)
    {
        if (!IsTuple)
        {
            Set(Names[0], value);
            return;
        }

        var items = TemplateValues.Items(run, value);
        if (items.Count != Names.Count)
        {
            throw TemplateLexer.Error(Line, $"{items.Count} values for {Names.Count} names");
        }

        for (var i = 0; i < items.Count; i++)
        {
            Set(Names[i], items[i]);
        }

        void Set((string Name, string? Member) target, object? one)
        {
            if (target.Member is not { } member)
            {
                scope.Set(target.Name, one);
            }
            else if (run.Scope.TryGet(target.Name, out var space) && space is TemplateNamespace settable)
            {
                settable.Values[member] = one;
            }
            else
            {
                throw TemplateLexer.Error(Line, $"'{target.Name}' is no namespace, so its '{member}' cannot be set", "make it by 'namespace()'");
            }
        }
    }
}

internal sealed record SetStatement(int Line, AssignmentTarget Target, TemplateExpression Value) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        Target.Assign(run, run.Scope, run.Evaluate(Value));
        return Flow.Next;
    }
}

/// <summary><c>{% set x %}…{% endset %}</c>: what the body writes, through filters.</summary>
internal sealed record SetBlockStatement(int Line, AssignmentTarget Target, Body Body, Func<TemplateExpression, TemplateExpression> Filters) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        var text = run.Capture(() => run.Within(run.Scope, _ => Body.Execute(run)));
        Target.Assign(run, run.Scope, run.Evaluate(Filters(new Literal(Line, text))));
        return Flow.Next;
    }
}

/// <summary><c>{% filter upper %}…{% endfilter %}</c></summary>
internal sealed record FilterBlockStatement(int Line, Body Body, Func<TemplateExpression, TemplateExpression> Filters) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        var text = run.Capture(() => run.Within(run.Scope, _ => Body.Execute(run)));
        run.Write(TemplateText.Of(run, run.Evaluate(Filters(new Literal(Line, text)))));
        return Flow.Next;
    }
}

internal sealed record WithStatement(int Line, IReadOnlyList<(AssignmentTarget Target, TemplateExpression Value)> Values, Body Body) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        var flow = Flow.Next;
        var values = Values.Select(v => run.Evaluate(v.Value)).ToList();
        run.Within(run.Scope, scope =>
        {
            for (var i = 0; i < values.Count; i++)
            {
                Values[i].Target.Assign(run, scope, values[i]);
            }

            flow = Body.Execute(run);
        });
        return flow;
    }
}

internal sealed record LeaveStatement(int Line, Flow Flow) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run) => Flow;
}

/// <summary><c>{% generation %}</c>: what it writes is an assistant's turn, which training may want to know.</summary>
internal sealed record GenerationStatement(int Line, Body Body) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        var start = run.Written;
        var flow = Body.Execute(run);
        if (!run.IsCapturing)
        {
            run.Generations.Add(start..run.Written);
        }

        return flow;
    }
}

/// <summary>A macro's parameters, defaults and body.</summary>
internal sealed record MacroDefinition(string Name, IReadOnlyList<(string Name, TemplateExpression? Default)> Parameters, bool TakesMore, bool TakesMoreNamed, Body Body);

internal sealed record MacroStatement(int Line, MacroDefinition Definition) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        run.Scope.Set(Definition.Name, new Macro(Definition, run.Scope));
        return Flow.Next;
    }
}

/// <summary><c>{% call macro() %}…{% endcall %}</c>: the macro may write the body by <c>caller()</c>.</summary>
internal sealed record CallStatement(int Line, CallOf Call, MacroDefinition Caller) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        var target = run.Evaluate(Call.Target) as TemplateCallable ?? throw TemplateLexer.Error(Line, "what is called is no macro");
        var arguments = Call.Arguments.Evaluate(run);
        run.Write(TemplateText.Of(run, target.Call(run, arguments with { Named = [.. arguments.Named, KeyValuePair.Create("caller", (object?)new Macro(Caller, run.Scope))] })));
        return Flow.Next;
    }
}

/// <summary>A macro with the names that were visible where it was defined.</summary>
internal sealed class Macro(MacroDefinition definition, TemplateScope outer) : TemplateCallable
{
    public override string Name => definition.Name;

    public override object? Call(TemplateRun run, TemplateArguments arguments)
    {
        var names = definition.Parameters.Select(p => p.Name).ToList();
        var caller = arguments.Named.FirstOrDefault(a => a.Key == "caller" && !names.Contains("caller"));
        var extra = arguments.Named.Where(a => a.Key != "caller" && !names.Contains(a.Key)).ToList();
        var fitting = new TemplateArguments(
            definition.TakesMore ? [.. arguments.Positional.Take(names.Count)] : arguments.Positional,
            [.. arguments.Named.Where(a => names.Contains(a.Key) || (a.Key != "caller" && !definition.TakesMoreNamed))]);
        var bound = fitting.Bind(run, definition.Name, names);
        return run.Capture(() => run.Within(outer, scope =>
        {
            for (var i = 0; i < bound.Length; i++)
            {
                scope.Set(names[i], !ReferenceEquals(bound[i], TemplateArguments.Missing) ? bound[i]
                    : definition.Parameters[i].Default is { } otherwise ? run.Evaluate(otherwise)
                    : new Undefined($"the macro '{definition.Name}' was not given '{names[i]}'"));
            }

            if (definition.TakesMore)
            {
                scope.Set("varargs", new TemplateTuple(arguments.Positional.Skip(names.Count)));
            }

            if (definition.TakesMoreNamed)
            {
                var more = new TemplateMap();
                extra.ForEach(a => more[a.Key] = a.Value);
                scope.Set("kwargs", more);
            }

            if (caller.Key is not null)
            {
                scope.Set("caller", caller.Value);
            }

            definition.Body.Execute(run);
        }));
    }
}
