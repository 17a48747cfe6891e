namespace Heirloom.Encoding.Stages;

/// <summary>A pre-tokenizer that only cuts: its pieces are ranges of the text as it is.</summary>
public abstract record RangePreTokenizer : IPreTokenizer
{
    [ThreadStatic]
    private static Stack<List<(int Start, int End)>>? s_spare;

    /// <summary>Adds the ranges in order; empty ones are left out by the caller.</summary>
    protected abstract void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces);

    /// <inheritdoc/>
    public virtual void Check(TokenizerDefinition definition)
    {
    }

    public void Split(ReadOnlySpan<char> text, IPieceSink pieces, bool first = true)
    {
        var spare = s_spare ??= new();
        var ranges = spare.TryPop(out var used) ? used : [];
        Cut(text, ranges);
        foreach (var (start, end) in ranges)
        {
            if (end > start)
            {
                pieces.Add(text[start..end], first && start == 0);
            }
        }

        ranges.Clear();
        spare.Push(ranges);
    }

    public IEnumerable<AlignedText> Split(AlignedText text)
    {
        var ranges = new List<(int Start, int End)>();
        Cut(text.Text, ranges);
        return ranges.Where(r => r.End > r.Start).Select(r => text.Slice(r.Start, r.End));
    }
}
