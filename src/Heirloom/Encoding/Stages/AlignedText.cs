using System.Text;

namespace Heirloom.Encoding.Stages;

/// <summary>
/// Text on its way through the stages that remembers, for every UTF-16 unit, which stretch of the original's code points it stands for. Where nobody asks
/// for offsets it is made without that memory, and the same stages run faster. What each edit does to the alignment is the ecosystem's rule,
/// quirks included: an inserted character stands for what its left neighbour stands for, and at the very start for nothing.
/// </summary>
public sealed class AlignedText
{
    private (int Start, int End)[]? _places;
    private bool _untouched;

    private AlignedText(string text, int start, (int, int)[]? places, bool untouched)
    {
        Text = text;
        Start = start;
        _places = places;
        _untouched = untouched;
    }

    public string Text { get; private set; }

    /// <summary>Where this piece begins in the original.</summary>
    public int Start { get; }

    public bool IsTracked => _places is not null;

    /// <summary>The original itself, every character in its own place.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="tracked">Whether offsets will be asked for.</param>
    public static AlignedText Of(string text, bool tracked)
    {
        if (!tracked)
        {
            return new(text, 0, null, untouched: true);
        }

        var places = new (int, int)[text.Length];
        for (int at = 0, place = 0; at < text.Length; place++)
        {
            var width = char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
            places.AsSpan(at, width).Fill((place, place + 1));
            at += width;
        }

        return new(text, 0, places, untouched: true);
    }

    /// <summary>The stretch of the original that some units stand for. Only for tracked text.</summary>
    public (int Start, int End) PlaceOf(int start, int end)
    {
        var places = _places ?? throw new InvalidOperationException("the text does not track places");
        return start >= end ? (Start + start, Start + end) : (places[Math.Min(start, places.Length - 1)].Start, places[Math.Min(end, places.Length) - 1].End);
    }

    /// <summary>A piece that is not empty.</summary>
    public AlignedText Slice(int start, int end)
    {
        if (_places is not null)
        {
            return new(Text[start..end], start < end ? _places[start].Start : Start + start, _places[start..end], untouched: false);
        }

        return new(Text[start..end], start == 0 || _untouched ? Start + start : Start + 1, null, _untouched);
    }

    /// <summary>Begins to rewrite the whole text.</summary>
    /// <param name="removed">Characters at the beginning that will have no successor.</param>
    public Edit Rewrite(int removed = 0) => new(this, removed);

    /// <summary>Puts text before the first character, unless there is none.</summary>
    public void Prepend(string text)
    {
        if (Text.Length == 0 || text.Length == 0)
        {
            return;
        }

        if (_places is not null)
        {
            var place = _places[0];
            var places = new (int, int)[text.Length + Text.Length];
            places.AsSpan(0, text.Length).Fill(place);
            _places.CopyTo(places.AsSpan(text.Length));
            _places = places;
        }

        Set(text + Text, _places);
    }

    /// <summary>Replaces matches, given in order and apart from one another.</summary>
    public void Replace(IEnumerable<(int Start, int End)> matches, string content)
    {
        var result = new StringBuilder(Text.Length);
        var places = _places is null ? null : new List<(int, int)>(Text.Length);
        var at = 0;
        var changed = false;
        foreach (var (start, end) in matches)
        {
            changed = true;
            result.Append(Text, at, start - at).Append(content);
            if (places is not null)
            {
                places.AddRange(_places.AsSpan(at, start - at));
                var place = end < 1 ? (Start, Start) : _places![end - 1];
                for (var i = 0; i < content.Length; i++)
                {
                    places.Add(place);
                }
            }

            at = end;
        }

        if (changed)
        {
            result.Append(Text, at, Text.Length - at);
            places?.AddRange(_places.AsSpan(at));
            Set(result.ToString(), places?.ToArray());
        }
    }

    /// <summary>Drops the characters that are not to be kept.</summary>
    public void Keep(Func<Rune, bool> keep)
    {
        var runes = Text.EnumerateRunes();
        var all = true;
        foreach (var rune in runes)
        {
            all &= keep(rune);
        }

        if (all && !HasUnplacedStart())
        {
            return;
        }

        var kept = new List<(Rune Rune, int Change)>(Text.Length);
        var (removed, first) = (0, 0);
        foreach (var rune in runes)
        {
            if (!keep(rune))
            {
                removed++;
                continue;
            }

            if (kept.Count > 0)
            {
                kept[^1] = (kept[^1].Rune, -removed);
            }
            else
            {
                first = removed;
            }

            kept.Add((rune, 0));
            removed = 0;
        }

        if (kept.Count > 0)
        {
            kept[^1] = (kept[^1].Rune, -removed);
        }

        var edit = Rewrite(first);
        kept.ForEach(k => edit.Add(k.Rune, k.Change));
        edit.Apply();
    }

    /// <summary>Puts one character in the place of each.</summary>
    public void Map(Func<Rune, Rune> map)
    {
        var edit = Rewrite();
        foreach (var rune in Text.EnumerateRunes())
        {
            edit.Add(map(rune), 0);
        }

        edit.Apply();
    }

    private void Set(string text, (int, int)[]? places)
    {
        Text = text;
        _places = places;
        _untouched = false;
    }

    /// <summary>Characters that a match of nothing put at the very start stand for nothing; a later rewriting passes them by.</summary>
    private bool HasUnplacedStart() => _places is [var first, ..] && first.Start == first.End;

    /// <summary>A rewriting in progress: the new characters in order, each with what it does to the old ones.</summary>
    public sealed class Edit
    {
        private readonly AlignedText _text;
        private readonly StringBuilder _result;
        private readonly List<(int, int)>? _places;
        private int _at;

        internal Edit(AlignedText text, int removed)
        {
            _text = text;
            _result = new(text.Text.Length + 16);
            if (text._places is { } places)
            {
                _places = new(places.Length + 16);
                while (_at < places.Length && places[_at].Start == places[_at].End)
                {
                    _places.Add(places[_at]);
                    _result.Append(text.Text[_at++]);
                }

                Skip(removed);
            }
        }

        /// <summary>Appends a character.</summary>
        /// <param name="rune">The new one.</param>
        /// <param name="change">0: it takes the place of the next old one; positive: it is new beside the one before; −n: it takes the place of the next, and n more fall away.</param>
        public void Add(Rune rune, int change)
        {
            Span<char> units = stackalloc char[2];
            var width = rune.EncodeToUtf16(units);
            _result.Append(units[..width]);
            if (_places is null)
            {
                return;
            }

            var old = _text._places!;
            var place = change <= 0 ? old[Math.Min(_at, old.Length - 1)] : _at < 1 ? (_text.Start, _text.Start) : old[_at - 1];
            for (var i = 0; i < width; i++)
            {
                _places.Add(place);
            }

            if (change <= 0)
            {
                Skip(1 - change);
            }
        }

        public void Apply()
        {
            if (_text.Text.Length > 0)
            {
                _text.Set(_result.ToString(), _places?.ToArray());
            }
        }

        private void Skip(int runes)
        {
            for (; runes > 0 && _at < _text.Text.Length; runes--)
            {
                _at += char.IsHighSurrogate(_text.Text[_at]) && _at + 1 < _text.Text.Length ? 2 : 1;
            }
        }
    }
}
