using System.Text;

namespace Heirloom.Encoding.Chat;

/// <summary>
/// Cuts a template into text and the tokens of its tags. White space is controlled as published templates expect it: the line break after a block is
/// dropped, and so is the indentation before one; <c>-</c> and <c>+</c> in a tag overrule that.
/// </summary>
internal sealed class TemplateLexer
{
    /// <summary>Longest first, so that the first that fits is right.</summary>
    private static readonly string[] s_operators = ["**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", "<", ">", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _at, _line = 1;
    private bool _lineStarts = true; // whether what comes next stands at the beginning of a line

    private TemplateLexer(string source)
    {
        _source = source.ReplaceLineEndings("\n");
        if (_source.EndsWith('\n'))
        {
            _source = _source[..^1]; // a file's last line break is not part of what it says
        }
    }

    /// <exception cref="UserError">A tag or a string does not end, or a character has no meaning.</exception>
    public static List<TemplateToken> Tokens(string source)
    {
        var lexer = new TemplateLexer(source);
        lexer.Run();
        return lexer._tokens;
    }

    public static UserError Error(int line, string what, string? mend = null) => new(what, $"line {line}", mend);

    private void Run()
    {
        while (_at < _source.Length)
        {
            var tag = NextTag();
            if (tag < 0)
            {
                Emit(TemplateTokenKind.Text, _source[_at..]);
                break;
            }

            Text(tag);
            switch (_source[tag + 1])
            {
                case '#':
                    Comment();
                    break;
                case '%' when IsRaw(out var body):
                    Raw(body);
                    break;
                case '%':
                    Tag(TemplateTokenKind.BlockStart, TemplateTokenKind.BlockEnd, "%}");
                    break;
                default:
                    Tag(TemplateTokenKind.OutputStart, TemplateTokenKind.OutputEnd, "}}");
                    break;
            }
        }

        Emit(TemplateTokenKind.End, "");
    }

    private int NextTag()
    {
        for (var i = _at; (i = _source.IndexOf('{', i)) >= 0 && i + 1 < _source.Length; i++)
        {
            if (_source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The text before a tag, trimmed as the tag says.</summary>
    private void Text(int tag)
    {
        var text = _source[_at..tag];
        var sign = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
        var kept = text;
        if (sign == '-')
        {
            kept = text.TrimEnd();
        }
        else if (sign != '+' && _source[tag + 1] != '{')
        {
            var line = text.LastIndexOf('\n') + 1;
            if ((line > 0 || _lineStarts) && string.IsNullOrWhiteSpace(text[line..]))
            {
                kept = text[..line];
            }
        }

        if (kept.Length > 0)
        {
            Emit(TemplateTokenKind.Text, kept);
        }

        Advance(tag);
    }

    private void Comment()
    {
        var end = _source.IndexOf("#}", _at + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Error(_line, "the comment does not end", "close it with '#}'");
        }

        Close(end, _source[end - 1], block: true);
    }

    /// <summary><c>{% raw %}</c>: all up to <c>{% endraw %}</c> is text.</summary>
    private bool IsRaw(out int body)
    {
        body = _at + 2;
        if (body < _source.Length && _source[body] is '-' or '+')
        {
            body++;
        }

        while (body < _source.Length && char.IsWhiteSpace(_source[body]))
        {
            body++;
        }

        if (string.CompareOrdinal(_source, body, "raw", 0, 3) != 0)
        {
            return false;
        }

        body += 3;
        while (body < _source.Length && char.IsWhiteSpace(_source[body]))
        {
            body++;
        }

        var trims = body < _source.Length && _source[body] == '-';
        body += trims ? 1 : 0;
        if (string.CompareOrdinal(_source, body, "%}", 0, 2) != 0)
        {
            return false;
        }

        body += 2;
        while (trims && body < _source.Length && char.IsWhiteSpace(_source[body]))
        {
            body++;
        }

        return true;
    }

    private void Raw(int body)
    {
        for (var i = body; (i = _source.IndexOf("{%", i, StringComparison.Ordinal)) >= 0; i++)
        {
            var end = _source.IndexOf("%}", i, StringComparison.Ordinal);
            if (end < 0 || _source[(i + 2)..end].Trim('-', '+', ' ', '\n', '\t') != "endraw")
            {
                continue;
            }

            var text = _source[body..i];
            Emit(TemplateTokenKind.Text, _source[i + 2] == '-' ? text.TrimEnd() : text);
            Advance(i);
            Close(end, _source[end - 1], block: true);
            return;
        }

        throw Error(_line, "'raw' does not end", "close it with '{% endraw %}'");
    }

    private void Tag(TemplateTokenKind start, TemplateTokenKind end, string closing)
    {
        var line = _line;
        Emit(start, "");
        Advance(_at + 2);
        if (_at < _source.Length && _source[_at] is '-' or '+')
        {
            Advance(_at + 1);
        }

        var depth = 0; // within braces '}}' closes two of them and not the tag
        while (true)
        {
            while (_at < _source.Length && char.IsWhiteSpace(_source[_at]))
            {
                Advance(_at + 1);
            }

            if (_at >= _source.Length)
            {
                throw Error(line, "the tag does not end", $"close it with '{closing}'");
            }

            var sign = _source[_at] is '-' or '+' ? 1 : 0;
            if (depth == 0 && string.CompareOrdinal(_source, _at + sign, closing, 0, 2) == 0 && (sign == 0 || _source[_at] == '-' || closing == "%}"))
            {
                Emit(end, "");
                Close(_at + sign, sign == 0 ? ' ' : _source[_at], closing == "%}");
                return;
            }

            depth += Token() switch { "(" or "[" or "{" => 1, ")" or "]" or "}" => -1, _ => 0 };
            if (depth < 0)
            {
                throw Error(_line, "a bracket closes that was not opened");
            }
        }
    }

    /// <summary>Moves behind a tag's last two characters, and over what it trims.</summary>
    private void Close(int at, char sign, bool block)
    {
        var end = at + 2;
        if (sign == '-')
        {
            while (end < _source.Length && char.IsWhiteSpace(_source[end]))
            {
                end++;
            }
        }
        else if (block && sign != '+' && end < _source.Length && _source[end] == '\n')
        {
            end++;
        }

        Advance(end);
        _lineStarts = end > 0 && _source[end - 1] == '\n';
    }

    private string Token()
    {
        var (start, c) = (_at, _source[_at]);
        if (char.IsLetter(c) || c == '_')
        {
            var end = start + 1;
            while (end < _source.Length && (char.IsLetterOrDigit(_source[end]) || _source[end] == '_'))
            {
                end++;
            }

            return Take(TemplateTokenKind.Name, end);
        }

        if (char.IsAsciiDigit(c))
        {
            return Number();
        }

        if (c is '"' or '\'')
        {
            return Text(c);
        }

        foreach (var op in s_operators)
        {
            if (string.CompareOrdinal(_source, start, op, 0, op.Length) == 0)
            {
                return Take(TemplateTokenKind.Operator, start + op.Length);
            }
        }

        throw Error(_line, $"the character '{c}' has no meaning in a tag");
    }

    private string Number()
    {
        var end = Digits(_at);
        var kind = TemplateTokenKind.Integer;
        if (_at > 0 && _source[_at - 1] == '.')
        {
            return Take(kind, end); // an index behind a point, "a.0.1"
        }

        if (end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            kind = TemplateTokenKind.Float;
            end = Digits(end + 1);
        }

        if (end < _source.Length && _source[end] is 'e' or 'E')
        {
            var digits = end + 1 + (end + 1 < _source.Length && _source[end + 1] is '+' or '-' ? 1 : 0);
            if (digits < _source.Length && char.IsAsciiDigit(_source[digits]))
            {
                kind = TemplateTokenKind.Float;
                end = Digits(digits);
            }
        }

        return Take(kind, end);
    }

    private int Digits(int at)
    {
        while (at < _source.Length && (char.IsAsciiDigit(_source[at]) || _source[at] == '_'))
        {
            at++;
        }

        return at;
    }

    private string Text(char quote)
    {
        var (line, text) = (_line, new StringBuilder());
        var i = _at + 1;
        for (; i < _source.Length && _source[i] != quote; i++)
        {
            if (_source[i] != '\\' || i + 1 == _source.Length)
            {
                text.Append(_source[i]);
                continue;
            }

            i++;
            switch (_source[i])
            {
                case '\n':
                    break;
                case 'n': text.Append('\n'); break;
                case 't': text.Append('\t'); break;
                case 'r': text.Append('\r'); break;
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'v': text.Append('\v'); break;
                case 'a': text.Append('\a'); break;
                case '0': text.Append('\0'); break;
                case '\\' or '\'' or '"': text.Append(_source[i]); break;
                case 'x': i = Code(text, i, 2); break;
                case 'u': i = Code(text, i, 4); break;
                case 'U': i = Code(text, i, 8); break;
                default: text.Append('\\').Append(_source[i]); break;
            }
        }

        if (i >= _source.Length)
        {
            throw Error(line, "the string does not end", $"close it with {quote}");
        }

        Advance(i + 1);
        _tokens.Add(new(TemplateTokenKind.String, text.ToString(), line));
        return "";
    }

    private int Code(StringBuilder text, int at, int digits)
    {
        if (at + digits >= _source.Length || !uint.TryParse(_source.AsSpan(at + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var code) || code > 0x10FFFF)
        {
            throw Error(_line, $"'\\{_source[at]}' needs {digits} hexadecimal digits of a character");
        }

        text.Append(code is >= 0xD800 and < 0xE000 ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
        return at + digits;
    }

    private string Take(TemplateTokenKind kind, int end)
    {
        var value = _source[_at..end];
        Emit(kind, value);
        Advance(end);
        return kind == TemplateTokenKind.Operator ? value : "";
    }

    private void Emit(TemplateTokenKind kind, string value) => _tokens.Add(new(kind, value, _line));

    private void Advance(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }
}
