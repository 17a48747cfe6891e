using static TorchSharp.torch;

namespace Heirloom.Data.Tokens;

/// <summary>One row of a <see cref="TokenBatch"/>.</summary>
/// <param name="Ids">T ids.</param>
/// <param name="Targets">T targets, <see cref="TokenBatch.Ignore"/> where none.</param>
/// <param name="Segments">Document of each position, counted from 0 in the row, or null.</param>
/// <param name="Length">Real tokens; the rest is padding.</param>
public sealed record TokenRow(long[] Ids, long[] Targets, long[]? Segments, int Length)
{
    /// <summary>Stacks rows of equal length; the batch has segments, and a mask, as soon as one row needs them.</summary>
    public static TokenBatch Collate(IReadOnlyList<TokenRow> rows)
    {
        var (height, width) = (rows.Count, rows[0].Ids.Length);
        return new(
            Stack(r => r.Ids),
            Stack(r => r.Targets),
            rows.Any(r => r.Segments is not null) ? Stack(r => r.Segments ?? new long[width]) : null,
            rows.Any(r => r.Length < width) ? MaskOf() : null);

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
