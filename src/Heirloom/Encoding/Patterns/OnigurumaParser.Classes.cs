using System.Globalization;
using System.Text;

namespace Heirloom.Encoding.Patterns;

/// <summary>Escapes and character classes.</summary>
internal sealed partial class OnigurumaParser
{
    private static readonly CodePointSet NoWord = UnicodeProperties.Word.Not();
    private static readonly CodePointSet LineBreaks = CodePointSet.Of([('\n', '\r'), (0x85, 0x85), (0x2028, 0x2029)]);

    private PatternNode Escape()
    {
        var start = _at;
        switch (Next())
        {
            case 'A':
                return new AnchorNode(@"\A");
            case 'z':
                return new AnchorNode(@"\z");
            case 'Z':
                return new AnchorNode(@"\Z");
            case 'G':
                return new AnchorNode(@"\G");
            case 'b':
                return Boundary(negative: false);
            case 'B':
                return Boundary(negative: true);
            case 'R':
                return new AtomicNode(new ChoiceNode([new SequenceNode([new SetNode(CodePointSet.Of('\r')), new SetNode(CodePointSet.Of('\n'))]), new SetNode(LineBreaks)]));
            case 'N':
                return new SetNode(CodePointSet.Of('\n').Not());
            case 'O':
                return new SetNode(CodePointSet.All);
            case 'X' or 'K' or 'y' or 'Y' or 'k' or 'g' or (>= '1' and <= '9'):
                throw Error($"\\{new Rune(_pattern[start])}");
            default:
                _at = start;
                var (set, single) = ClassEscape();
                return single is { } character ? Literal(character)
                    : ReferenceEquals(set, UnicodeProperties.Word) ? new SetNode(UnicodeProperties.WordAlone)
                    : ReferenceEquals(set, NoWord) ? new SetNode(UnicodeProperties.WordAlone.Not())
                    : new SetNode(Folded(set));
        }
    }

    private static LookNode Boundary(bool negative)
    {
        var word = new SetNode(UnicodeProperties.WordAlone);
        LookNode Look(bool behind, bool not) => new(word, behind, not);
        var edge = new ChoiceNode([new SequenceNode([Look(true, false), Look(false, true)]), new SequenceNode([Look(true, true), Look(false, false)])]);
        return new(edge, Behind: false, negative);
    }

    /// <summary>What an escape stands for, in a class or outside; the code point where it is a single one.</summary>
    private (CodePointSet Set, int? Single) ClassEscape()
    {
        var escaped = Next();
        switch (escaped)
        {
            case 'w':
                return (UnicodeProperties.Word, null);
            case 'W':
                return (NoWord, null);
            case 's':
                return (UnicodeProperties.Space, null);
            case 'S':
                return (UnicodeProperties.Space.Not(), null);
            case 'd':
                return (UnicodeProperties.Digit, null);
            case 'D':
                return (UnicodeProperties.Digit.Not(), null);
            case 'h':
                return (UnicodeProperties.Hexadecimal, null);
            case 'H':
                return (UnicodeProperties.Hexadecimal.Not(), null);
            case 'p' or 'P' when Take('{'):
                var negative = Take('^') ^ (escaped == 'P');
                var name = Until('}');
                var set = UnicodeProperties.Find(name) ?? throw Error($"the property '{name}'");
                return (!negative ? set : ReferenceEquals(set, UnicodeProperties.Word) ? NoWord : set.Not(), null);
        }

        var single = escaped switch
        {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 0x1B,
            'b' => '\b', // outside a class it is a boundary
            'x' when Take('{') => Hexadecimal(Until('}')),
            'x' => RawByte(Hexadecimal(Digits(2))),
            'u' => Hexadecimal(Digits(4)),
            >= '0' and <= '7' => Octal(escaped),
            'c' or 'C' or 'M' => throw Error($"\\{(char)escaped}"),
            _ => escaped,
        };
        return (CodePointSet.Of(single), single);
    }

    private int RawByte(int value) => value < 0x80 ? value : throw Error("a single byte of a character of several");

    private int Octal(int first)
    {
        var value = first - '0';
        for (var i = 0; i < 2 && Peek() is >= '0' and <= '7'; i++)
        {
            value = value * 8 + Next() - '0';
        }

        return value;
    }

    private string Until(char end)
    {
        var text = new StringBuilder();
        while (Next() is var character && character != end)
        {
            text.Append(new Rune(character));
        }

        return text.ToString();
    }

    private string Digits(int most)
    {
        var text = new StringBuilder();
        while (text.Length < most && Peek() is >= 0 and < 0x80 && char.IsAsciiHexDigit((char)Peek()))
        {
            text.Append((char)Next());
        }

        return text.ToString();
    }

    private int Hexadecimal(string digits) =>
        int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && Rune.IsValid(value) ? value : throw Error($"'{digits}' for a code point");

    /// <summary>A class after its opening bracket.</summary>
    private CodePointSet Class()
    {
        if (++_depth > DeepestNesting)
        {
            throw Error($"classes nested more than {DeepestNesting} deep");
        }

        var negative = Take('^');
        CodePointSet? all = null; // of what stands before the last &&
        var ranges = new List<(int First, int Last)>();
        var first = true;
        while (true)
        {
            var character = Next();
            if (character == ']' && !first)
            {
                break;
            }

            first = false;
            if (character == '&' && Peek() == '&')
            {
                _at++;
                all = Intersect();
                ranges.Clear();
                continue;
            }

            if (character == '[')
            {
                ranges.AddRange((Posix() ?? Class()).Ranges);
                continue;
            }

            var (set, single) = character == '\\' ? ClassEscape() : (CodePointSet.Of(character), character);
            if (single is { } from && Peek() == '-' && _at + 1 < _pattern.Length && _pattern[_at + 1] is not (']' or '['))
            {
                _at++;
                var to = Next() is var end && end == '\\' ? ClassEscape().Single ?? throw Error("a range that ends in a class") : end;
                ranges.Add(from <= to ? (from, to) : throw Error("an empty range"));
                continue;
            }

            ranges.AddRange(set.Ranges);
        }

        _depth--;
        var result = Intersect();
        return negative ? Folded(result).Not() : result;

        CodePointSet Intersect() => all is null ? CodePointSet.Of(ranges) : all.And(CodePointSet.Of(ranges));
    }

    /// <summary><c>[:alpha:]</c> after its opening bracket; null where it is none.</summary>
    private CodePointSet? Posix()
    {
        if (Peek() != ':')
        {
            return null;
        }

        var end = Array.IndexOf(_pattern, ':', _at + 1);
        if (end < 0 || end + 1 >= _pattern.Length || _pattern[end + 1] != ']')
        {
            return null;
        }

        var name = string.Concat(_pattern[(_at + 1)..end].Select(c => new Rune(c).ToString()));
        var negative = name.StartsWith('^');
        _at = end + 2;
        var plain = negative ? name[1..] : name;
        var set = UnicodeProperties.Find(plain == "punct" ? "posixpunct" : plain) ?? throw Error($"the class [:{name}:]");
        return negative ? set.Not() : set;
    }
}
