using static TorchSharp.torch;

namespace Heirloom.Data.Tokens;

/// <summary>One row of a <see cref="TokenBatch"/>.</summary>
/// <param name="Ids">T ids.</param>
/// <param name="Targets">T targets, <see cref="TokenBatch.Ignore"/> where none.</param>
/// <param name="Segments">Document of each position, counted from 0 in the row, or null.</param>
/// <param name="Length">Real tokens; the rest is padding.</param>
public sealed record TokenRow(long[] Ids, long[] Targets, long[]? Segments, int Length)
{
    /// <summary>T numbers: 0 in the first and 1 in the second of a row's two texts; null when it is one text.</summary>
    public long[]? TokenTypes { get; init; }

    /// <summary>How the two texts relate; null when the row is one text.</summary>
    public long? Relation { get; init; }

    /// <summary>Stacks rows of equal length; the batch has segments, a mask, token types and relations as soon as one row needs them.</summary>
    public static TokenBatch Collate(IReadOnlyList<TokenRow> rows)
    {
        var (height, width) = (rows.Count, rows[0].Ids.Length);
        return new(
            Stack(r => r.Ids),
            Stack(r => r.Targets),
            rows.Any(r => r.Segments is not null) ? Stack(r => r.Segments ?? new long[width]) : null,
            rows.Any(r => r.Length < width) ? MaskOf() : null)
        {
            TokenTypes = rows.Any(r => r.TokenTypes is not null) ? Stack(r => r.TokenTypes ?? new long[width]) : null,
            Relations = rows.Any(r => r.Relation is not null)
                ? tensor(rows.Select(r => r.Relation ?? TokenBatch.Ignore).ToArray(), [height], dtype: ScalarType.Int64)
                : null,
        };

        Tensor Stack(Func<TokenRow, long[]> part)
        {
            var all = new long[(long)height * width];
            for (var i = 0; i < height; i++)
            {
                part(rows[i]).CopyTo(all, i * width);
            }

            return tensor(all, [height, width], dtype: ScalarType.Int64);
        }

        Tensor MaskOf()
        {
            var mask = new bool[(long)height * width];
            for (var i = 0; i < height; i++)
            {
                mask.AsSpan(i * width, rows[i].Length).Fill(true);
            }

            return tensor(mask, [height, width], dtype: ScalarType.Bool);
        }
    }
}
