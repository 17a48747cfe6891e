using System.Globalization;

namespace Heirloom.Encoding.Chat;

/// <summary>Reads expressions from tokens, loosest binding first: condition, or, and, not, comparison, +, ~, *, sign, **, then what follows a value.</summary>
internal class TemplateExpressionParser(List<TemplateToken> tokens) : TemplateTokenReader(tokens)
{
    public TemplateExpression Expression() => Deeper(ConditionalExpression);

    /// <summary>One expression, or several with commas between: a tuple.</summary>
    public TemplateExpression TupleOrOne()
    {
        var (line, first) = (Current.Line, Expression());
        if (!Current.Is(","))
        {
            return first;
        }

        var items = new List<TemplateExpression> { first };
        while (Accept(","))
        {
            if (Current.Kind is TemplateTokenKind.BlockEnd or TemplateTokenKind.OutputEnd || Current.Is(")") || Current.Is("=") || Current.Is("]"))
            {
                break;
            }

            items.Add(Expression());
        }

        return new ListLiteral(line, items, IsTuple: true);
    }

    /// <summary>What stands after <c>|</c>, as a function of what is filtered.</summary>
    protected Func<TemplateExpression, TemplateExpression> Filters()
    {
        var filters = new List<Func<TemplateExpression, TemplateExpression>>();
        while (Accept("|"))
        {
            filters.Add(OneFilter());
        }

        return value => filters.Aggregate(value, (v, filter) => filter(v));
    }

    protected Func<TemplateExpression, TemplateExpression> OneFilter()
    {
        var (line, name) = (Current.Line, DottedName());
        if (!TemplateFilters.Has(name))
        {
            throw TemplateLexer.Error(line, $"there is no filter '{name}'", UserError.Nearest(name, TemplateFilters.Names));
        }

        var arguments = Current.Is("(") ? Arguments() : ArgumentList.Empty;
        return value => new FilterOf(line, value, name, arguments);
    }

    protected ArgumentList Arguments()
    {
        Expect("(");
        var items = new List<(string?, int, TemplateExpression)>();
        while (!Accept(")"))
        {
            if (items.Count > 0)
            {
                Expect(",");
                if (Accept(")"))
                {
                    break;
                }
            }

            var stars = Accept("**") ? 2 : Accept("*") ? 1 : 0;
            string? name = null;
            if (stars == 0 && Current.Kind == TemplateTokenKind.Name && Following.Is("="))
            {
                name = Next().Value;
                Next();
            }
            else if (stars == 0 && items.Any(i => i.Item1 is not null || i.Item2 == 2))
            {
                throw TemplateLexer.Error(Current.Line, "an argument without a name stands after one with a name");
            }

            items.Add((name, stars, Expression()));
        }

        return new(items);
    }

    private string DottedName()
    {
        var name = ExpectName();
        while (Current.Is(".") && Following.Kind == TemplateTokenKind.Name)
        {
            Next();
            name += "." + Next().Value;
        }

        return name;
    }

    private TemplateExpression ConditionalExpression()
    {
        var then = Or();
        while (Current.Is("if"))
        {
            var line = Next().Line;
            var condition = Or();
            then = new Conditional(line, condition, then, Accept("else") ? Expression() : null);
        }

        return then;
    }

    /// <summary>An expression in which <c>if</c> is not read as a condition.</summary>
    protected TemplateExpression Unconditional() => Deeper(Or);

    private TemplateExpression Or()
    {
        var left = And();
        while (Current.Is("or"))
        {
            left = new Logical(Next().Line, left, And(), And: false);
        }

        return left;
    }

    private TemplateExpression And()
    {
        var left = Not();
        while (Current.Is("and"))
        {
            left = new Logical(Next().Line, left, Not(), And: true);
        }

        return left;
    }

    private TemplateExpression Not() => Current.Is("not") ? new Negation(Next().Line, Deeper(Not)) : Compared();

    private TemplateExpression Compared()
    {
        var (line, first) = (Current.Line, Sum());
        var rest = new List<(string, TemplateExpression)>();
        while (true)
        {
            if (Current is { Kind: TemplateTokenKind.Operator, Value: "==" or "!=" or "<" or "<=" or ">" or ">=" } or { Kind: TemplateTokenKind.Name, Value: "in" })
            {
                rest.Add((Next().Value, Sum()));
            }
            else if (Current.Is("not") && Following.Is("in"))
            {
                Next();
                Next();
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Comparison(line, first, rest);
            }
        }
    }

    private TemplateExpression Sum() => Chain(() => Chain(() => Chain(Power, "*", "/", "//", "%"), "~"), "+", "-");

    private TemplateExpression Power() => Chain(() => Unary(), "**");

    private TemplateExpression Chain(Func<TemplateExpression> operand, params ReadOnlySpan<string> operators)
    {
        var left = operand();
        while (Current.Kind == TemplateTokenKind.Operator && operators.Contains(Current.Value))
        {
            var op = Next();
            left = new Arithmetic(op.Line, op.Value, left, operand());
        }

        return left;
    }

    private TemplateExpression Unary(bool filtered = true)
    {
        var sign = Current;
        var value = Accept("-") ? new Signed(sign.Line, Deeper(() => Unary(filtered: false)), Minus: true)
            : Accept("+") ? new Signed(sign.Line, Deeper(() => Unary(filtered: false)), Minus: false)
            : Postfix(Primary());
        return filtered ? FilteredOrTested(value) : value;
    }

    private TemplateExpression FilteredOrTested(TemplateExpression value)
    {
        while (true)
        {
            if (Accept("|"))
            {
                value = OneFilter()(value);
            }
            else if (Current.Is("is"))
            {
                value = Test(value);
            }
            else if (Current.Is("("))
            {
                value = new CallOf(Current.Line, value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private TestOf Test(TemplateExpression value)
    {
        var line = Next().Line;
        var negated = Accept("not");
        var name = DottedName();
        if (!TemplateTests.Has(name))
        {
            throw TemplateLexer.Error(line, $"there is no test '{name}'", UserError.Nearest(name, TemplateTests.Names));
        }

        var arguments = ArgumentList.Empty;
        if (Current.Is("("))
        {
            arguments = Arguments();
        }
        else if (Current.Kind is TemplateTokenKind.String or TemplateTokenKind.Integer or TemplateTokenKind.Float
            || Current.Is("[") || Current.Is("{")
            || (Current.Kind == TemplateTokenKind.Name && Current.Value is not ("else" or "or" or "and" or "is" or "if" or "not" or "in" or "recursive")))
        {
            arguments = new([(null, 0, Postfix(Primary()))]); // "is divisibleby 3"
        }

        return new(line, value, name, arguments, negated);
    }

    private TemplateExpression Postfix(TemplateExpression value)
    {
        while (true)
        {
            var line = Current.Line;
            if (Accept("."))
            {
                value = Current.Kind == TemplateTokenKind.Integer ? new Subscript(line, value, Number()) : new Member(line, value, ExpectName());
            }
            else if (Current.Is("["))
            {
                value = Bracketed(value);
            }
            else if (Current.Is("("))
            {
                value = new CallOf(line, value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private TemplateExpression Bracketed(TemplateExpression value)
    {
        var line = Next().Line;
        var parts = new TemplateExpression?[3];
        var part = 0;
        while (!Current.Is("]"))
        {
            if (Accept(":"))
            {
                part = part < 2 ? part + 1 : throw TemplateLexer.Error(line, "a slice has at most three parts");
            }
            else if (parts[part] is null)
            {
                parts[part] = TupleOrOne();
            }
            else
            {
                Expect("]");
            }
        }

        Next();
        return part > 0 ? new SliceOf(line, value, parts[0], parts[1], parts[2])
            : new Subscript(line, value, parts[0] ?? throw TemplateLexer.Error(line, "the brackets are empty"));
    }

    private TemplateExpression Primary()
    {
        var token = Next();
        switch (token.Kind)
        {
            case TemplateTokenKind.Name:
                return token.Value switch
                {
                    "true" or "True" => new Literal(token.Line, true),
                    "false" or "False" => new Literal(token.Line, false),
                    "none" or "None" => new Literal(token.Line, null),
                    "and" or "or" or "in" or "is" or "if" or "else" or "not" => throw TemplateLexer.Error(token.Line, $"a value is expected instead of '{token.Value}'"),
                    _ => new Name(token.Line, token.Value),
                };
            case TemplateTokenKind.String:
                var text = token.Value;
                while (Current.Kind == TemplateTokenKind.String)
                {
                    text += Next().Value;
                }

                return new Literal(token.Line, text);
            case TemplateTokenKind.Integer or TemplateTokenKind.Float:
                Back();
                return Number();
            case TemplateTokenKind.Operator when token.Value == "(":
                if (Accept(")"))
                {
                    return new ListLiteral(token.Line, [], IsTuple: true);
                }

                var inner = TupleOrOne();
                Expect(")");
                return inner;
            case TemplateTokenKind.Operator when token.Value == "[":
                return new ListLiteral(token.Line, Items("]", Expression), IsTuple: false);
            case TemplateTokenKind.Operator when token.Value == "{":
                return new MapLiteral(token.Line, Items("}", () =>
                {
                    var key = Expression();
                    Expect(":");
                    return (key, Expression());
                }));
            default:
                throw TemplateLexer.Error(token.Line, $"a value is expected instead of {token}");
        }
    }

    private List<T> Items<T>(string close, Func<T> item)
    {
        var items = new List<T>();
        while (!Accept(close))
        {
            if (items.Count > 0)
            {
                Expect(",");
                if (Accept(close))
                {
                    break;
                }
            }

            items.Add(item());
        }

        return items;
    }

    private Literal Number()
    {
        var token = Next();
        var digits = token.Value.Replace("_", "", StringComparison.Ordinal);
        return token.Kind == TemplateTokenKind.Float ? new Literal(token.Line, double.Parse(digits, CultureInfo.InvariantCulture))
            : long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? new(token.Line, n)
            : throw TemplateLexer.Error(token.Line, "the number is too large");
    }
}
