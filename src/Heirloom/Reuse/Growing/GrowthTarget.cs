namespace Heirloom.Reuse.Growing;

/// <summary>What a person asks of a growth: only what is to change. What is left out follows the width, or stays.</summary>
public sealed record GrowthTarget
{
    public int? Width { get; init; }

    public int? Layers { get; init; }

    /// <summary>Query heads; null for as many more as the width grows.</summary>
    public int? Heads { get; init; }

    /// <summary>Key and value heads; null for as many more as the query heads grow.</summary>
    public int? KeyHeads { get; init; }

    /// <summary>Null for as much wider as the width grows.</summary>
    public int? FeedForward { get; init; }

    public int? Vocabulary { get; init; }

    /// <summary>All sizes of the grown model.</summary>
    /// <exception cref="UserError">Smaller than it was, not divisible as it must be, or no growth at all.</exception>
    public ModelSize From(ModelSize small)
    {
        if (Vocabulary is not null && small.Vocabulary is null)
        {
            throw new UserError("the model reads no tokens", "vocabulary", "leave it out");
        }

        var width = Grown("width", small.Width, Width);
        var heads = Grown("heads", small.Heads, Heads ?? Scaled("heads", small.Heads, width, small.Width));
        var size = small with
        {
            Width = width,
            Heads = heads,
            KeyHeads = Grown("kv-heads", small.KeyHeads, KeyHeads ?? Scaled("kv-heads", small.KeyHeads, heads, small.Heads)),
            FeedForward = Grown("feed-forward", small.FeedForward, FeedForward ?? Scaled("feed-forward", small.FeedForward, width, small.Width)),
            Layers = Grown("layers", small.Layers, Layers),
            Vocabulary = small.Vocabulary is { } tokens ? Grown("vocabulary", tokens, Vocabulary) : null,
        };
        if (size == small)
        {
            throw new UserError("the model has these sizes already", "grow", "ask for more width, layers, heads, feed-forward or vocabulary");
        }

        return size.Heads % size.KeyHeads == 0 ? size
            : throw new UserError($"{size.Heads} heads do not share {size.KeyHeads} key and value heads evenly", "kv-heads", "choose a divisor of the heads");
    }

    private static int Grown(string name, int old, int? asked) => ModelSize.RequireGrowth(name, old, asked ?? old);

    /// <summary>What keeps its share of something that grows.</summary>
    private static int Scaled(string name, int old, int large, int small) => (long)old * large % small == 0
        ? (int)((long)old * large / small)
        : throw new UserError($"{old} cannot grow as {small} grows to {large}: the result is no whole number", name, $"choose a multiple that divides, or set --{name}");
}
