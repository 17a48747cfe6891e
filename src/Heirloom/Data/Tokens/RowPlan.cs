namespace Heirloom.Data.Tokens;

/// <summary>A stretch of the corpus that lies together in a row.</summary>
internal readonly record struct Piece(long Start, int Length);

/// <summary>Which stretches make up which row; together they hold every token once.</summary>
internal interface IRowPlan
{
    long Rows { get; }

    IEnumerable<Piece> Pieces(long row);
}

/// <summary>One stretch a row, by arithmetic.</summary>
internal sealed class ContiguousPlan(long tokens, int context) : IRowPlan
{
    public long Rows => (tokens + context - 1) / context;

    public IEnumerable<Piece> Pieces(long row) => [new(row * context, (int)Math.Min(context, tokens - (row * context)))];
}
