namespace Heirloom.Encoding.Chat;

internal sealed record ForStatement(int Line, AssignmentTarget Target, TemplateExpression Items, TemplateExpression? Condition, bool Recursive, Body Body, Body? Else) : TemplateStatement(Line)
{
    public override Flow Execute(TemplateRun run)
    {
        Go(run, run.Scope, run.Evaluate(Items), 0);
        return Flow.Next;
    }

    internal void Go(TemplateRun run, TemplateScope outer, object? value, int depth)
    {
        run.Line = Line;
        var items = Chosen(run, outer, TemplateValues.Items(run, value));
        var loop = new TemplateLoop(this, outer, items, depth);
        for (; loop.At < items.Count; loop.At++)
        {
            var flow = Flow.Next;
            run.Within(outer, scope =>
            {
                scope.Set("loop", loop);
                Target.Assign(run, scope, items[loop.At]);
                flow = Body.Execute(run);
            });
            if (flow == Flow.Break)
            {
                break;
            }
        }

        if (items.Count == 0 && Else is not null)
        {
            run.Within(outer, _ => Else.Execute(run));
        }
    }

    private IReadOnlyList<object?> Chosen(TemplateRun run, TemplateScope outer, IReadOnlyList<object?> items)
    {
        if (Condition is null)
        {
            return items;
        }

        var chosen = new List<object?>();
        run.Within(outer, scope =>
        {
            foreach (var item in items)
            {
                Target.Assign(run, scope, item);
                if (TemplateValues.IsTrue(run.Evaluate(Condition)))
                {
                    chosen.Add(item);
                }
            }
        });
        return chosen;
    }
}

/// <summary>The <c>loop</c> of a <c>for</c>: where it is. A recursive one can be called with deeper items.</summary>
internal sealed class TemplateLoop(ForStatement statement, TemplateScope outer, IReadOnlyList<object?> items, int depth) : TemplateCallable
{
    private object? _changed = TemplateArguments.Missing;

    public int At { get; set; }

    public override string Name => "loop";

    public override object? Call(TemplateRun run, TemplateArguments arguments) => !statement.Recursive
        ? throw run.Error("the loop is not recursive", "write 'recursive' behind its items")
        : run.Capture(() => statement.Go(run, outer, arguments.Bind(run, Name, ["items"])[0], depth + 1));

    public bool Attribute(TemplateRun run, string name, out object? value)
    {
        value = name switch
        {
            "index" => At + 1L,
            "index0" => (long)At,
            "revindex" => (long)items.Count - At,
            "revindex0" => items.Count - At - 1L,
            "first" => At == 0,
            "last" => At == items.Count - 1,
            "length" => (long)items.Count,
            "depth" => depth + 1L,
            "depth0" => (long)depth,
            "previtem" => At > 0 ? items[At - 1] : new Undefined("there is no previous item"),
            "nextitem" => At + 1 < items.Count ? items[At + 1] : new Undefined("there is no next item"),
            "cycle" => new TemplateOpenFunction("cycle", (r, a) => a.Positional.Count == 0 ? throw r.Error("'cycle' needs values") : a.Positional[At % a.Positional.Count]),
            "changed" => new TemplateOpenFunction("changed", (r, a) => Changed(new TemplateTuple(a.Positional))),
            _ => TemplateArguments.Missing,
        };
        return !ReferenceEquals(value, TemplateArguments.Missing);
    }

    private bool Changed(TemplateTuple values)
    {
        var changed = ReferenceEquals(_changed, TemplateArguments.Missing) || !TemplateValues.AreEqual(_changed, values);
        _changed = values;
        return changed;
    }
}
