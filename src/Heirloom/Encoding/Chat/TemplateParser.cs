namespace Heirloom.Encoding.Chat;

/// <summary>Reads the statements of a template. What published chat templates do not use is refused by name and line.</summary>
internal sealed class TemplateParser(List<TemplateToken> tokens) : TemplateExpressionParser(tokens)
{
    private static readonly string[] s_tags = ["for", "if", "set", "macro", "call", "filter", "with", "generation", "break", "continue", "raw"];
    private int _loops;

    /// <exception cref="UserError">It is ill-formed, or uses what is not supported.</exception>
    public static Body Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Tokens(source));
        return parser.Until(out _);
    }

    /// <summary>Statements up to one of these tags, whose name is taken; without any, up to the template's end.</summary>
    private Body Until(out string end, params ReadOnlySpan<string> ends)
    {
        var statements = new List<TemplateStatement>();
        while (true)
        {
            var token = Next();
            switch (token.Kind)
            {
                case TemplateTokenKind.Text:
                    statements.Add(new TextStatement(token.Line, token.Value));
                    break;
                case TemplateTokenKind.OutputStart:
                    statements.Add(new OutputStatement(token.Line, TupleOrOne()));
                    Close(TemplateTokenKind.OutputEnd, "}}");
                    break;
                case TemplateTokenKind.End:
                    end = "";
                    return ends.Length == 0 ? new(statements) : throw TemplateLexer.Error(token.Line, $"the template ends where '{ends[^1]}' is expected");
                default:
                    var name = ExpectName();
                    if (ends.Contains(name))
                    {
                        end = name;
                        return new(statements);
                    }

                    statements.Add(Deeper(() => Statement(token.Line, name)));
                    break;
            }
        }
    }

    private TemplateStatement Statement(int line, string name)
    {
        switch (name)
        {
            case "for": return For(line);
            case "if": return If(line);
            case "set": return Set(line);
            case "macro": return new MacroStatement(line, Macro(ExpectName(), "endmacro"));
            case "call": return Call(line);
            case "with": return With(line);
            case "filter":
                var first = OneFilter();
                var rest = Filters();
                Close();
                return new FilterBlockStatement(line, Block("endfilter"), value => rest(first(value)));
            case "generation":
                Close();
                return new GenerationStatement(line, Block("endgeneration"));
            case "break" or "continue" when _loops > 0:
                Close();
                return new LeaveStatement(line, name == "break" ? Flow.Break : Flow.Continue);
            case "break" or "continue":
                throw TemplateLexer.Error(line, $"'{name}' stands outside a loop");
            case "extends" or "include" or "import" or "from" or "block":
                throw TemplateLexer.Error(line, $"'{name}' is not supported: a chat template reads no other template");
            default:
                throw TemplateLexer.Error(line, $"'{name}' is no tag here", name.StartsWith("end", StringComparison.Ordinal) || name.StartsWith("el", StringComparison.Ordinal) ? null : UserError.Nearest(name, s_tags));
        }
    }

    /// <summary>The body up to a tag that has nothing but its name.</summary>
    private Body Block(string end)
    {
        var body = Until(out _, end);
        if (Current.Kind == TemplateTokenKind.Name)
        {
            Next(); // "endmacro name"
        }

        Close();
        return body;
    }

    private void Close(TemplateTokenKind kind = TemplateTokenKind.BlockEnd, string text = "%}")
    {
        if (Current.Kind != kind)
        {
            throw TemplateLexer.Error(Current.Line, $"'{text}' is expected instead of {Current}");
        }

        Next();
    }

    private ForStatement For(int line)
    {
        var target = Target();
        Expect("in");
        var items = Loopable();
        var condition = Accept("if") ? Expression() : null;
        var recursive = Accept("recursive");
        Close();
        _loops++;
        var body = Until(out var end, "else", "endfor");
        _loops--;
        Body? otherwise = null;
        if (end == "else")
        {
            Close();
            otherwise = Until(out _, "endfor");
        }

        Close();
        return new(line, target, items, condition, recursive, body, otherwise);
    }

    /// <summary>What a loop goes over; an <c>if</c> behind it chooses among the items and is no conditional value.</summary>
    private TemplateExpression Loopable()
    {
        var (line, first) = (Current.Line, Unconditional());
        if (!Current.Is(","))
        {
            return first;
        }

        var items = new List<TemplateExpression> { first };
        while (Accept(",") && Current.Kind != TemplateTokenKind.BlockEnd)
        {
            items.Add(Unconditional());
        }

        return new ListLiteral(line, items, IsTuple: true);
    }

    private IfStatement If(int line)
    {
        var branches = new List<(TemplateExpression, Body)>();
        Body? otherwise = null;
        var end = "elif";
        while (end == "elif")
        {
            var condition = TupleOrOne();
            Close();
            branches.Add((condition, Until(out end, "elif", "else", "endif")));
        }

        if (end == "else")
        {
            Close();
            otherwise = Until(out _, "endif");
        }

        Close();
        return new(line, branches, otherwise);
    }

    private TemplateStatement Set(int line)
    {
        var target = Target();
        if (Accept("="))
        {
            var value = TupleOrOne();
            Close();
            return new SetStatement(line, target, value);
        }

        var filters = Filters();
        Close();
        return new SetBlockStatement(line, target, Block("endset"), filters);
    }

    private CallStatement Call(int line)
    {
        var parameters = Current.Is("(") ? Parameters() : [];
        var call = Expression() as CallOf ?? throw TemplateLexer.Error(line, "'call' needs a call of a macro");
        Close();
        var start = Position;
        var body = Outside(() => Block("endcall"));
        return new(line, call, new("caller", parameters, Uses(start, "varargs"), Uses(start, "kwargs"), body));
    }

    private WithStatement With(int line)
    {
        var values = new List<(AssignmentTarget, TemplateExpression)>();
        while (Current.Kind != TemplateTokenKind.BlockEnd)
        {
            if (values.Count > 0)
            {
                Expect(",");
            }

            var target = OneTarget(line);
            Expect("=");
            values.Add((target, Expression()));
        }

        Close();
        return new(line, values, Block("endwith"));
    }

    private MacroDefinition Macro(string name, string end)
    {
        var parameters = Parameters();
        Close();
        var start = Position;
        var body = Outside(() => Block(end));
        return new(name, parameters, Uses(start, "varargs"), Uses(start, "kwargs"), body);
    }

    /// <summary>A body of its own, which a loop around it does not reach.</summary>
    private Body Outside(Func<Body> body)
    {
        var loops = _loops;
        _loops = 0;
        var parsed = body();
        _loops = loops;
        return parsed;
    }

    private bool Uses(int start, string name) => Since(start).Any(t => t.Kind == TemplateTokenKind.Name && t.Value == name);

    private List<(string, TemplateExpression?)> Parameters()
    {
        Expect("(");
        var parameters = new List<(string Name, TemplateExpression? Default)>();
        while (!Accept(")"))
        {
            if (parameters.Count > 0)
            {
                Expect(",");
            }

            var name = ExpectName();
            parameters.Add((name, Accept("=") ? Expression() : null));
        }

        return parameters;
    }

    private AssignmentTarget Target()
    {
        var line = Current.Line;
        var parenthesized = Accept("(");
        var names = new List<(string, string?)> { TargetName() };
        var tuple = false;
        while (Accept(","))
        {
            tuple = true;
            if (Current.Kind != TemplateTokenKind.Name || Current.Is("in"))
            {
                break;
            }

            names.Add(TargetName());
        }

        if (parenthesized)
        {
            Expect(")");
        }

        return new(line, names, tuple);
    }

    private AssignmentTarget OneTarget(int line) => new(line, [TargetName()], IsTuple: false);

    private (string Name, string? Member) TargetName()
    {
        var name = ExpectName();
        return (name, Accept(".") ? ExpectName() : null);
    }
}
