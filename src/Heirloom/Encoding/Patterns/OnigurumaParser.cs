using System.Text;

namespace Heirloom.Encoding.Patterns;

/// <summary>Reads a regular expression in the syntax of Oniguruma (as for Ruby). What it does not know it refuses by name.</summary>
internal sealed partial class OnigurumaParser
{
    private const int DeepestNesting = 200, MostRepeats = 100_000;

    private readonly int[] _pattern;
    private int _at, _depth;
    private bool _ignoreCase, _dotMatchesNewline, _extended;

    private OnigurumaParser(string pattern) => _pattern = [.. pattern.EnumerateRunes().Select(r => r.Value)];

    private bool AtEnd => _at >= _pattern.Length;

    /// <exception cref="UserError">The expression is ill-formed or has a construct that is not known.</exception>
    public static PatternNode Parse(string pattern)
    {
        var parser = new OnigurumaParser(pattern);
        var node = parser.Choice();
        return parser.AtEnd ? node : throw parser.Error("a closing parenthesis without its opening one");
    }

    private PatternNode Choice()
    {
        if (++_depth > DeepestNesting)
        {
            throw Error($"groups nested more than {DeepestNesting} deep");
        }

        var options = (_ignoreCase, _dotMatchesNewline, _extended);
        var choices = new List<PatternNode> { Sequence() };
        while (Take('|'))
        {
            choices.Add(Sequence());
        }

        (_ignoreCase, _dotMatchesNewline, _extended) = options;
        _depth--;
        return choices.Count == 1 ? choices[0] : new ChoiceNode(choices);
    }

    private SequenceNode Sequence()
    {
        var parts = new List<PatternNode>();
        while (!AtEnd && Peek() is not ('|' or ')'))
        {
            if (_extended && SkipsLayout())
            {
                continue;
            }

            if (Atom() is { } atom)
            {
                parts.Add(Quantified(atom));
            }
        }

        return new(CaseFolds.Expand(parts));
    }

    private bool SkipsLayout()
    {
        if (Peek() is ' ' or '\t' or '\n' or '\r' or '\f' or '\v')
        {
            _at++;
            return true;
        }

        if (Peek() != '#')
        {
            return false;
        }

        while (!AtEnd && Next() != '\n')
        {
        }

        return true;
    }

    private PatternNode Quantified(PatternNode atom)
    {
        while (!AtEnd)
        {
            if (_extended && SkipsLayout())
            {
                continue;
            }

            var before = _at;
            var (least, most, braces) = (0, (int?)null, false);
            switch (Next())
            {
                case '*':
                    break;
                case '+':
                    least = 1;
                    break;
                case '?':
                    most = 1;
                    break;
                case '{' when Braces(out least, out most):
                    braces = true;
                    break;
                default:
                    _at = before;
                    return atom;
            }

            var greed = Greed.Greedy;
            if (braces && least == most && Peek() == '?')
            {
                _at++;
                atom = new RepeatNode(atom, least, most, Greed.Greedy);
                (least, most) = (0, 1);
            }
            else if (Take('?'))
            {
                greed = Greed.Lazy;
            }
            else if (!braces && Take('+'))
            {
                greed = Greed.Possessive;
            }

            atom = new RepeatNode(atom, least, most, greed);
        }

        return atom;
    }

    /// <summary>What stands between braces, when it is a number of times; otherwise they stand for themselves.</summary>
    private bool Braces(out int least, out int? most)
    {
        var start = _at;
        var low = Number();
        (least, most) = (low ?? 0, low);
        var comma = Take(',');
        if (comma)
        {
            most = Number();
        }

        if ((low is null && most is null) || !Take('}'))
        {
            _at = start;
            return false;
        }

        if (least > MostRepeats || most > MostRepeats)
        {
            throw Error($"a number of times above {MostRepeats}");
        }

        if (most < least)
        {
            (least, most) = (most.Value, least);
        }

        return true;
    }

    private int? Number()
    {
        int? number = null;
        while (Peek() is >= '0' and <= '9')
        {
            number = Math.Min((number ?? 0) * 10 + (Next() - '0'), MostRepeats + 1);
        }

        return number;
    }

    /// <summary>One part before its quantifier; null for what only changes options or is a comment.</summary>
    private PatternNode? Atom()
    {
        switch (Next())
        {
            case '(':
                return Group();
            case '[':
                return new SetNode(Folded(Class()));
            case '.':
                return new SetNode(_dotMatchesNewline ? CodePointSet.All : CodePointSet.Of('\n').Not());
            case '^':
                return new AnchorNode(@"(?:\A|(?<=\n)(?!\z))");
            case '$':
                return new AnchorNode(@"(?:(?=\n)|(?<!\n)\z)");
            case '\\':
                return Escape();
            case '*' or '+' or '?':
                _at--;
                throw Error("a quantifier without anything before it");
            case var character:
                return Literal(character);
        }
    }

    private SetNode Literal(int character)
    {
        var set = CodePointSet.Of(character);
        return _ignoreCase ? new(CaseFolds.Close(set), CaseFolds.Fold(character)) : new(set);
    }

    private CodePointSet Folded(CodePointSet set) => _ignoreCase ? CaseFolds.Close(set) : set;

    private PatternNode? Group()
    {
        if (Peek() == '*')
        {
            throw Error("the callout (*");
        }

        if (!Take('?'))
        {
            return Closed(Choice());
        }

        switch (Next())
        {
            case ':':
                return Closed(Choice());
            case '=':
                return new LookNode(Closed(Choice()), Behind: false, Negative: false);
            case '!':
                return new LookNode(Closed(Choice()), Behind: false, Negative: true);
            case '>':
                return new AtomicNode(Closed(Choice()));
            case '#':
                while (Next() != ')')
                {
                }

                return null;
            case '<' when Take('='):
                return new LookNode(Closed(Choice()), Behind: true, Negative: false);
            case '<' when Take('!'):
                return new LookNode(Closed(Choice()), Behind: true, Negative: true);
            case '<' or '\'':
                var end = _pattern[_at - 1] == '<' ? '>' : '\'';
                while (Next() != end)
                {
                }

                return Closed(Choice());
            case var option when option is 'i' or 'm' or 'x' or '-':
                _at--;
                return Options();
            case var other:
                throw Error($"the group (?{new Rune(other)}");
        }
    }

    /// <summary>Options hold for the group, or up to the end of the group around them.</summary>
    private PatternNode Options()
    {
        var before = (_ignoreCase, _dotMatchesNewline, _extended);
        var on = true;
        while (true)
        {
            switch (Next())
            {
                case '-':
                    on = false;
                    break;
                case 'i':
                    _ignoreCase = on;
                    break;
                case 'm':
                    _dotMatchesNewline = on;
                    break;
                case 'x':
                    _extended = on;
                    break;
                case ':':
                    var inner = Closed(Choice());
                    (_ignoreCase, _dotMatchesNewline, _extended) = before;
                    return inner;
                case ')':
                    var rest = Choice();
                    (_ignoreCase, _dotMatchesNewline, _extended) = before;
                    return rest;
                case var other:
                    throw Error($"the option {new Rune(other)}");
            }
        }
    }

    private PatternNode Closed(PatternNode node) => Take(')') ? node : throw Error("a parenthesis that is not closed");

    private int Peek() => AtEnd ? -1 : _pattern[_at];

    private int Next() => AtEnd ? throw Error("an end too soon") : _pattern[_at++];

    private bool Take(char character)
    {
        if (Peek() != character)
        {
            return false;
        }

        _at++;
        return true;
    }

    private UserError Error(string what) => new($"the regular expression has {what} at character {Math.Min(_at, _pattern.Length) + 1}, which is not understood", mend: "use the common constructs of Oniguruma");
}
