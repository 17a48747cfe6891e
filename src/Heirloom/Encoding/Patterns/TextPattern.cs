namespace Heirloom.Encoding.Patterns;

/// <summary>Something to look for in text.</summary>
internal abstract class TextPattern
{
    /// <summary>Whether it may match nothing at all.</summary>
    public abstract bool MatchesEmpty { get; }

    /// <summary>The matches from left to right. None is empty right behind another.</summary>
    public Cursor Matches(ReadOnlySpan<char> text) => new(this, text);

    /// <summary>The same in a list.</summary>
    public List<(int Start, int End)> All(string text)
    {
        var all = new List<(int, int)>();
        var matches = Matches(text);
        while (matches.MoveNext())
        {
            all.Add(matches.Current);
        }

        return all;
    }

    /// <summary>The leftmost match at or after a place of prepared text.</summary>
    protected abstract bool Find(ReadOnlySpan<char> text, int from, out int start, out int end);

    /// <summary>Text as <see cref="Find"/> wants it, and for each of its units, and the end, the place in the text as it was; null where they agree.</summary>
    protected virtual ReadOnlySpan<char> Prepare(ReadOnlySpan<char> text, out int[]? places)
    {
        places = null;
        return text;
    }

    /// <summary>Goes through the matches.</summary>
    public ref struct Cursor
    {
        private readonly TextPattern _pattern;
        private readonly ReadOnlySpan<char> _text;
        private readonly int[]? _places;
        private int _at, _last = -1;

        internal Cursor(TextPattern pattern, ReadOnlySpan<char> text)
        {
            _pattern = pattern;
            _text = pattern.Prepare(text, out _places);
            _at = text.IsEmpty ? 1 : 0; // nothing is found in nothing
        }

        public (int Start, int End) Current { get; private set; }

        public bool MoveNext()
        {
            while (_at <= _text.Length && _pattern.Find(_text, _at, out var start, out var end))
            {
                if (start == end && end == _last)
                {
                    _at += _at < _text.Length && char.IsHighSurrogate(_text[_at]) && _places is null ? 2 : 1;
                    continue;
                }

                (_at, _last) = (end, end);
                Current = _places is null ? (start, end) : (_places[start], _places[end]);
                return true;
            }

            _at = _text.Length + 1;
            return false;
        }
    }
}

/// <summary>A plain string.</summary>
internal sealed class LiteralPattern(string content) : TextPattern
{
    public override bool MatchesEmpty => false;

    protected override bool Find(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        var found = text[from..].IndexOf(content, StringComparison.Ordinal);
        start = from + found;
        end = start + content.Length;
        return found >= 0;
    }
}
