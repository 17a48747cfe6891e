namespace Heirloom.Encoding.Patterns;

/// <summary>A part of a regular expression.</summary>
internal abstract record PatternNode
{
    /// <summary>The fewest code points that it matches.</summary>
    public abstract int Shortest { get; }
}

/// <summary>One code point of a set.</summary>
/// <param name="Set">What matches.</param>
/// <param name="Folded">For a letter that was written as itself and matches in either case: the letter in lower case.</param>
internal sealed record SetNode(CodePointSet Set, int? Folded = null) : PatternNode
{
    public override int Shortest => 1;
}

internal sealed record SequenceNode(IReadOnlyList<PatternNode> Parts) : PatternNode
{
    public override int Shortest => Parts.Sum(p => p.Shortest);
}

internal sealed record ChoiceNode(IReadOnlyList<PatternNode> Choices) : PatternNode
{
    public override int Shortest => Choices.Min(c => c.Shortest);
}

/// <summary>Repeated from least to most times; without limit where most is null.</summary>
internal sealed record RepeatNode(PatternNode Part, int Least, int? Most, Greed Greed) : PatternNode
{
    public override int Shortest => (int)Math.Min(int.MaxValue / 1024, (long)Least * Part.Shortest);
}

/// <summary>A group whose way of matching is not reconsidered.</summary>
internal sealed record AtomicNode(PatternNode Part) : PatternNode
{
    public override int Shortest => Part.Shortest;
}

/// <summary>A look ahead or behind, which matches nothing itself.</summary>
internal sealed record LookNode(PatternNode Part, bool Behind, bool Negative) : PatternNode
{
    public override int Shortest => 0;
}

/// <summary>A place that the framework's syntax names alike.</summary>
internal sealed record AnchorNode(string Anchor) : PatternNode
{
    public override int Shortest => 0;
}

internal enum Greed
{
    Greedy,
    Lazy,
    Possessive,
}
