using System.Runtime.CompilerServices;

namespace Heirloom.Encoding.Chat;

/// <summary>Goes over a template's tokens.</summary>
internal abstract class TemplateTokenReader(List<TemplateToken> tokens)
{
    private int _at;

    protected TemplateToken Current => tokens[_at];

    protected int Position => _at;

    protected TemplateToken Following => tokens[_at + 1];

    protected IEnumerable<TemplateToken> Since(int position) => tokens.Take(_at).Skip(position);

    protected TemplateToken Next() => tokens[_at < tokens.Count - 1 ? _at++ : _at];

    protected bool Accept(string value)
    {
        if (!Current.Is(value))
        {
            return false;
        }

        Next();
        return true;
    }

    protected void Expect(string value)
    {
        if (!Accept(value))
        {
            throw TemplateLexer.Error(Current.Line, $"'{value}' is expected instead of {Current}");
        }
    }

    protected string ExpectName() => Current.Kind == TemplateTokenKind.Name ? Next().Value : throw TemplateLexer.Error(Current.Line, $"a name is expected instead of {Current}");

    protected void Deep()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TemplateLexer.Error(Current.Line, "it is nested too deeply");
        }
    }

    protected void Back() => _at--;
}
