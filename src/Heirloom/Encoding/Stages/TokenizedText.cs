using System.Runtime.InteropServices;

namespace Heirloom.Encoding.Stages;

/// <summary>What a text became: the tokens, where each stands, and what a model needs to know about each. All lists have one entry a token.</summary>
public sealed class TokenizedText
{
    private readonly List<TokenizedText> _overflow = [];

    public List<int> Ids { get; private init; } = [];

    /// <summary>Which segment each belongs to, as the model's embedding of segments counts them.</summary>
    public List<int> TypeIds { get; private init; } = [];

    public List<string> Tokens { get; private init; } = [];

    /// <summary>The piece that the pre-tokenizer cut; null for a token that stands for no text.</summary>
    public List<int?> Words { get; private init; } = [];

    /// <summary>Start and end in the original text, in UTF-16 units, so that <c>text[start..end]</c> is what the token stands for; (0, 0) for one that stands for none.</summary>
    public List<(int Start, int End)> Offsets { get; private init; } = [];

    /// <summary>Which were added and stand for no text.</summary>
    public List<bool> Special { get; private init; } = [];

    /// <summary>Which are to be attended to: all but padding.</summary>
    public List<bool> Attention { get; private init; } = [];

    /// <summary>Which of a pair's texts each comes from; null for added ones.</summary>
    public List<int?> Sequences { get; private init; } = [];

    /// <summary>What did not fit, in windows.</summary>
    public IReadOnlyList<TokenizedText> Overflow => _overflow;

    public int Count => Ids.Count;

    internal static TokenizedText Added(IEnumerable<(int Id, string Token)> tokens, int type)
    {
        var text = new TokenizedText();
        foreach (var (id, token) in tokens)
        {
            text.Add(id, token, null, (0, 0), type, null, special: true);
        }

        return text;
    }

    /// <summary>All of some texts behind one another; what overflowed of each is joined with all of the others.</summary>
    internal static TokenizedText Join(IEnumerable<TokenizedText> texts)
    {
        var joined = new TokenizedText();
        foreach (var text in texts)
        {
            joined.Append(text);
        }

        return joined;
    }

    internal void Add(int id, string token, int? word, (int, int) offsets, int type, int? sequence, bool special = false, bool attention = true)
    {
        Ids.Add(id);
        Tokens.Add(token);
        Words.Add(word);
        Offsets.Add(offsets);
        TypeIds.Add(type);
        Sequences.Add(sequence);
        Special.Add(special);
        Attention.Add(attention);
    }

    /// <summary>A copy with another type and sequence throughout, overflow's own types left as they are.</summary>
    internal TokenizedText As(int type, int sequence)
    {
        var copy = Window(0, Count);
        CollectionsMarshal.AsSpan(copy.TypeIds).Fill(type);
        CollectionsMarshal.AsSpan(copy.Sequences).Fill(sequence);
        copy._overflow.AddRange(_overflow);
        return copy;
    }

    /// <summary>The same with each part of the overflow replaced.</summary>
    internal TokenizedText WithOverflow(Func<TokenizedText, TokenizedText> change)
    {
        var copy = Window(0, Count);
        copy._overflow.AddRange(_overflow.Select(change));
        return copy;
    }

    internal void SetSequence(int sequence)
    {
        CollectionsMarshal.AsSpan(Sequences).Fill(sequence);
        _overflow.ForEach(o => o.SetSequence(sequence));
    }

    /// <summary>Keeps so many tokens, the others in windows that overlap by <paramref name="stride"/>.</summary>
    internal TokenizedText Cut(int length, int stride, bool left)
    {
        if (length >= Count)
        {
            return this;
        }

        if (length == 0)
        {
            var nothing = new TokenizedText();
            nothing._overflow.Add(this);
            return nothing;
        }

        if (stride >= length)
        {
            throw new UserError($"the stride {stride} leaves no room in {length} tokens", "truncation.stride", "less than the length, special tokens not counted");
        }

        var windows = new List<TokenizedText>();
        for (var at = 0; at < Count; at += length - stride)
        {
            var (from, to) = left ? (Math.Max(0, Count - at - length), Count - at) : (at, Math.Min(Count, at + length));
            windows.Add(Window(from, to));
            if (left ? from == 0 : to == Count)
            {
                break;
            }
        }

        windows[0]._overflow.AddRange(windows.Skip(1));
        return windows[0];
    }

    internal TokenizedText Pad(int length, int id, int type, string token, bool left)
    {
        var missing = Math.Max(0, length - Count);
        var padding = new TokenizedText();
        for (var i = 0; i < missing; i++)
        {
            padding.Add(id, token, null, (0, 0), type, null, special: true, attention: false);
        }

        var own = Window(0, Count);
        var padded = left ? Join([padding, own]) : Join([own, padding]);
        padded._overflow.AddRange(_overflow.Select(o => o.Pad(length, id, type, token, left)));
        return padded;
    }

    /// <summary>Turns offsets in code points into offsets in units of the texts that they lie in, by tables of where each code point begins.</summary>
    internal void ToUnits(IReadOnlyList<int[]?> texts)
    {
        for (var i = 0; i < Count; i++)
        {
            if ((Sequences[i] ?? (texts.Count == 1 ? 0 : null)) is { } sequence && texts[sequence] is { } starts)
            {
                Offsets[i] = (starts[Offsets[i].Start], starts[Offsets[i].End]);
            }
        }

        _overflow.ForEach(o => o.ToUnits(texts));
    }

    private TokenizedText Window(int from, int to) => new()
    {
        Ids = Ids[from..to],
        TypeIds = TypeIds[from..to],
        Tokens = Tokens[from..to],
        Words = Words[from..to],
        Offsets = Offsets[from..to],
        Special = Special[from..to],
        Attention = Attention[from..to],
        Sequences = Sequences[from..to],
    };

    private void Append(TokenizedText other)
    {
        var overflow = new List<TokenizedText>();
        foreach (var mine in _overflow)
        {
            overflow.Add(Join([mine, other.Window(0, other.Count)]));
            overflow.AddRange(other._overflow.Select(theirs => Join([mine, theirs])));
        }

        overflow.AddRange(other._overflow.Select(theirs => Join([Window(0, Count), theirs])));
        foreach (var again in other.Sequences.OfType<int>().Distinct())
        {
            // a text that is repeated counts where it stands last
            foreach (ref var sequence in CollectionsMarshal.AsSpan(Sequences))
            {
                sequence = sequence == again ? null : sequence;
            }
        }

        Ids.AddRange(other.Ids);
        TypeIds.AddRange(other.TypeIds);
        Tokens.AddRange(other.Tokens);
        Words.AddRange(other.Words);
        Offsets.AddRange(other.Offsets);
        Special.AddRange(other.Special);
        Attention.AddRange(other.Attention);
        Sequences.AddRange(other.Sequences);
        _overflow.Clear();
        _overflow.AddRange(overflow);
    }
}
