using static TorchSharp.torch;

namespace Heirloom.Data.Selection;

/// <summary>
/// Documents as vectors of weighted term counts: (1 + ln tf) · (1 + ln((1 + N) / (1 + df))), scaled to length one (Salton and Buckley 1988, with smoothed
/// document frequencies). What a term is (a token, a word) is the caller's affair.
/// </summary>
public sealed class TermVectors
{
    private readonly float[] _rarity;

    /// <param name="documents">Where document frequencies are counted: ids of terms.</param>
    /// <param name="terms">Ids lie below it; the width of the vectors.</param>
    public TermVectors(IEnumerable<IReadOnlyList<int>> documents, int terms)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(terms);
        var frequency = new int[terms];
        var count = 0;
        foreach (var document in documents)
        {
            count++;
            foreach (var term in document.Distinct())
            {
                frequency[term]++;
            }
        }

        _rarity = [.. frequency.Select(df => (float)(1 + Math.Log((1.0 + count) / (1 + df))))];
    }

    /// <returns><c>[N, V]</c> float32 rows of length one; a document without terms is all zero. The caller disposes it.</returns>
    public Tensor Embed(IReadOnlyList<IReadOnlyList<int>> documents)
    {
        var width = _rarity.Length;
        var values = new float[(long)documents.Count * width];
        Parallel.For(0, documents.Count, i =>
        {
            var row = values.AsSpan(i * width, width);
            foreach (var term in documents[i])
            {
                row[term]++;
            }

            var square = 0.0;
            for (var term = 0; term < width; term++)
            {
                row[term] = row[term] > 0 ? (1 + MathF.Log(row[term])) * _rarity[term] : 0;
                square += row[term] * row[term];
            }

            var scale = square > 0 ? (float)(1 / Math.Sqrt(square)) : 0;
            foreach (ref var value in row)
            {
                value *= scale;
            }
        });
        return tensor(values, [documents.Count, width], dtype: ScalarType.Float32);
    }
}
