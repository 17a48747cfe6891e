using System.Runtime.CompilerServices;

namespace Heirloom.Encoding.Chat;

/// <summary>Goes over a template's tokens.</summary>
internal abstract class TemplateTokenReader(List<TemplateToken> tokens)
{
    /// <summary>Published templates nest a dozen levels; a level of brackets is two or three here.</summary>
    private const int Levels = 1000;

    private int _at;
    private int _level;

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

    /// <summary>Reads what stands one level further in; as deep on every machine, whatever stack its threads have.</summary>
    protected T Deeper<T>(Func<T> read)
    {
        if (++_level > Levels || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TemplateLexer.Error(Current.Line, "it is nested too deeply");
        }

        var found = read();
        _level--;
        return found;
    }

    protected void Back() => _at--;
}
