using System.Runtime.CompilerServices;
using System.Text;

namespace Heirloom.Encoding.Chat;

/// <summary>How much one rendering may do: a template is data from strangers.</summary>
public sealed record ChatTemplateLimits
{
    /// <summary>Evaluated parts and, for every sixteen characters or items that are made, one more.</summary>
    public long Steps { get; init; } = 20_000_000;

    /// <summary>Characters of any one text, the result included.</summary>
    public int Characters { get; init; } = 64 << 20;

    /// <summary>Macros and loops inside one another.</summary>
    public int Depth { get; init; } = 100;
}

/// <summary>One rendering under way: names, output, and what is left of the limits.</summary>
internal sealed class TemplateRun(ChatTemplateLimits limits, DateTimeOffset now)
{
    private readonly Stack<StringBuilder> _outputs = new([new()]);
    private long _steps = limits.Steps;
    private int _depth;

    public DateTimeOffset Now => now;

    public TemplateScope Scope { get; private set; } = new(null);

    /// <summary>Where assistants' turns stand in the output, when nothing captures it.</summary>
    public List<Range> Generations { get; } = [];

    /// <summary>The line of what is being evaluated, for errors.</summary>
    public int Line { get; set; }

    public bool IsCapturing => _outputs.Count > 1;

    public int Written => _outputs.Peek().Length;

    public string Result => _outputs.Peek().ToString();

    public UserError Error(string what, string? mend = null) => TemplateLexer.Error(Line, what, mend);

    public object? Evaluate(TemplateExpression expression)
    {
        Charge(0);
        Line = expression.Line;
        return expression.Evaluate(this);
    }

    /// <summary>Pays for a step and for so many characters or items.</summary>
    /// <exception cref="UserError">The limits are reached, or it is nested too deeply for this machine.</exception>
    public void Charge(long size)
    {
        size = Math.Max(0, size); // a negative width gives nothing back
        _steps -= 1 + (size / 16);
        if (_steps < 0)
        {
            throw Error("the template takes too many steps");
        }

        Check(size);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error("it is nested too deeply");
        }
    }

    /// <summary>That what is under way is not too long so far; it is paid for when it is whole.</summary>
    /// <exception cref="UserError">It is longer than the limits allow.</exception>
    public void Check(long length)
    {
        if (length > limits.Characters)
        {
            throw Error("the template makes too long a text or list");
        }
    }

    /// <summary>A text that was made, paid for.</summary>
    public string Made(string text)
    {
        Charge(text.Length);
        return text;
    }

    public void Write(string text)
    {
        var output = _outputs.Peek();
        if ((long)output.Length + text.Length > limits.Characters)
        {
            throw Error("the template writes too much");
        }

        Charge(text.Length);
        output.Append(text);
    }

    /// <summary>What a body writes, as a text.</summary>
    public string Capture(Action body)
    {
        _outputs.Push(new());
        try
        {
            body();
            return Made(_outputs.Peek().ToString());
        }
        finally
        {
            _outputs.Pop();
        }
    }

    /// <summary>Runs a body with names of its own.</summary>
    public void Within(TemplateScope parent, Action<TemplateScope> body)
    {
        var outer = Scope;
        if (++_depth > limits.Depth)
        {
            throw Error("macros or loops are nested too deeply");
        }

        Scope = new(parent);
        try
        {
            body(Scope);
        }
        finally
        {
            Scope = outer;
            _depth--;
        }
    }
}

/// <summary>Names and their values; what is not here is looked for outside.</summary>
internal sealed class TemplateScope(TemplateScope? parent)
{
    private readonly Dictionary<string, object?> _values = [];

    public void Set(string name, object? value) => _values[name] = value;

    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._values.TryGetValue(name, out value))
            {
                return true;
            }
        }

        value = null;
        return false;
    }

    private TemplateScope? Parent => parent;
}
