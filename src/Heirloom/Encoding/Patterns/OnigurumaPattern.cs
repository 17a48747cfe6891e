using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Heirloom.Encoding.Patterns;

/// <summary>
/// A regular expression of Oniguruma, run by the framework's engine. That engine sees UTF-16 units and not code points; so every character
/// beyond the Basic Multilingual Plane is shown to it as one surrogate unit, the same for all that no set of the expression tells apart.
/// Well-formed text has no single surrogates, so nothing is mistaken for another.
/// </summary>
internal sealed class OnigurumaPattern : TextPattern
{
    private const int FirstAstral = 0x10000, Surrogates = 0xD800, SurrogateCount = 0x800;

    /// <summary>What takes longer at one place is an expression that would never end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Regex _regex;
    private readonly int[] _starts;      // where each stretch of alike characters begins
    private readonly char[] _standIns;   // what the characters of a stretch are shown as

    /// <exception cref="UserError">The expression is ill-formed or has a construct that is not known.</exception>
    public OnigurumaPattern(string pattern)
    {
        var root = OnigurumaParser.Parse(pattern);
        MatchesEmpty = root.Shortest == 0;
        var sets = new List<CodePointSet>();
        Collect(root, sets);
        (_starts, _standIns) = Divide(sets);
        var text = new StringBuilder();
        Write(root, text);
        try
        {
            _regex = new(text.ToString(), RegexOptions.CultureInvariant | RegexOptions.Compiled, Patience);
        }
        catch (Exception e) when (e is ArgumentException or InsufficientExecutionStackException or OutOfMemoryException)
        {
            throw new UserError($"the regular expression is too much: {e.Message}", inner: e);
        }
    }

    public override bool MatchesEmpty { get; }

    protected override bool Find(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        try
        {
            foreach (var match in _regex.EnumerateMatches(text, from))
            {
                (start, end) = (match.Index, match.Index + match.Length);
                return true;
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new UserError($"the tokenizer's regular expression found no end within {Patience.TotalSeconds:F0} s on this text", inner: e);
        }

        (start, end) = (0, 0);
        return false;
    }

    protected override ReadOnlySpan<char> Prepare(ReadOnlySpan<char> text, out int[]? places)
    {
        places = null;
        if (!text.ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        var shown = new char[text.Length];
        places = new int[text.Length + 1];
        var length = 0;
        for (var at = 0; at < text.Length; at++)
        {
            places[length] = at;
            shown[length++] = char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? StandIn(char.ConvertToUtf32(text[at], text[++at])) : text[at];
        }

        places[length] = text.Length;
        return shown.AsSpan(0, length);
    }

    private char StandIn(int codePoint)
    {
        var found = Array.BinarySearch(_starts, codePoint);
        return _standIns[found >= 0 ? found : ~found - 1];
    }

    private static void Collect(PatternNode node, List<CodePointSet> sets)
    {
        switch (node)
        {
            case SetNode set:
                sets.Add(set.Set);
                break;
            case SequenceNode sequence:
                sequence.Parts.ToList().ForEach(p => Collect(p, sets));
                break;
            case ChoiceNode choice:
                choice.Choices.ToList().ForEach(c => Collect(c, sets));
                break;
            case RepeatNode repeat:
                Collect(repeat.Part, sets);
                break;
            case AtomicNode atomic:
                Collect(atomic.Part, sets);
                break;
            case LookNode look:
                Collect(look.Part, sets);
                break;
        }
    }

    /// <summary>Cuts the planes beyond the first where any set begins or ends, and gives stretches that are in the same sets the same stand-in.</summary>
    private static (int[] Starts, char[] StandIns) Divide(List<CodePointSet> sets)
    {
        sets = [.. sets.Where(s => s.Ranges.Count > 0 && s.Ranges[^1].Last >= FirstAstral).DistinctBy(s => string.Join(',', s.Ranges))];
        int[] starts = [.. sets.SelectMany(s => s.Ranges).SelectMany(r => new[] { r.First, r.Last + 1 }).Append(FirstAstral).Where(c => c is >= FirstAstral and <= CodePointSet.Last).Distinct().Order()];
        var known = new Dictionary<string, char>();
        var standIns = new char[starts.Length];
        for (var i = 0; i < starts.Length; i++)
        {
            var signature = string.Concat(sets.Select(s => s.Contains(starts[i]) ? '1' : '0'));
            if (!known.TryGetValue(signature, out standIns[i]))
            {
                if (known.Count == SurrogateCount)
                {
                    throw new UserError("the regular expression tells too many kinds of characters apart");
                }

                known.Add(signature, standIns[i] = (char)(Surrogates + known.Count));
            }
        }

        return (starts, standIns);
    }

    private void Write(PatternNode node, StringBuilder text)
    {
        switch (node)
        {
            case SetNode set:
                WriteSet(set.Set, text);
                break;
            case AnchorNode anchor:
                text.Append(anchor.Anchor);
                break;
            case SequenceNode sequence:
                foreach (var part in sequence.Parts)
                {
                    Write(part, text);
                }

                break;
            case ChoiceNode choice:
                text.Append("(?:");
                for (var i = 0; i < choice.Choices.Count; i++)
                {
                    text.Append(i == 0 ? "" : "|");
                    Write(choice.Choices[i], text);
                }

                text.Append(')');
                break;
            case AtomicNode atomic:
                Wrap("(?>", atomic.Part, text);
                break;
            case LookNode look:
                Wrap((look.Behind, look.Negative) switch { (false, false) => "(?=", (false, true) => "(?!", (true, false) => "(?<=", _ => "(?<!" }, look.Part, text);
                break;
            case RepeatNode repeat:
                text.Append(repeat.Greed == Greed.Possessive ? "(?>" : "");
                Wrap("(?:", repeat.Part, text);
                text.Append(CultureInfo.InvariantCulture, $"{{{repeat.Least},{repeat.Most}}}").Append(repeat.Greed switch { Greed.Lazy => "?", Greed.Possessive => ")", _ => "" });
                break;
        }
    }

    private void Wrap(string open, PatternNode part, StringBuilder text)
    {
        text.Append(open);
        Write(part, text);
        text.Append(')');
    }

    private void WriteSet(CodePointSet set, StringBuilder text)
    {
        var plane = set.And(CodePointSet.Of([(0, Surrogates - 1), (Surrogates + SurrogateCount, FirstAstral - 1)])).Ranges.Select(r => ((char)r.First, (char)r.Last));
        var beyond = _starts.Index().Where(s => set.Contains(s.Item)).Select(s => _standIns[s.Index]).Distinct().Select(c => (c, c));
        var ranges = plane.Concat(beyond).ToList();
        if (ranges.Count == 0)
        {
            text.Append("(?!)");
            return;
        }

        var single = ranges is [var (only, last)] && only == last;
        text.Append(single ? "" : "[");
        foreach (var (first, end) in ranges)
        {
            text.Append(CultureInfo.InvariantCulture, $"\\u{(int)first:X4}");
            if (end > first)
            {
                text.Append(CultureInfo.InvariantCulture, $"-\\u{(int)end:X4}");
            }
        }

        text.Append(single ? "" : "]");
    }
}
