using System.Numerics;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>Elects a sign for every element — that of the sum, positive where it is zero — and sums what has it.</summary>
/// <remarks>Yadav et al. 2023, "TIES-Merging", section 3: elect and disjoint merge, with weights.</remarks>
internal static class SignConsensus
{
    /// <param name="vectors">Task vectors times their weights.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="normalize">Whether to divide by the weights of those that agree.</param>
    /// <param name="sum">The result.</param>
    public static void Sum(ReadOnlyMemory<float>[] vectors, float[] weights, bool normalize, Span<float> sum)
    {
        var wide = Vector<float>.Count;
        var whole = sum.Length - (sum.Length % wide);
        for (var at = 0; at < whole; at += wide)
        {
            var total = Vector<float>.Zero;
            foreach (var vector in vectors)
            {
                total += new Vector<float>(vector.Span.Slice(at, wide));
            }

            var positive = Vector.GreaterThanOrEqual(total, Vector<float>.Zero);
            var (agreed, divisor) = (Vector<float>.Zero, Vector<float>.Zero);
            for (var i = 0; i < vectors.Length; i++)
            {
                var values = new Vector<float>(vectors[i].Span.Slice(at, wide));
                var same = Vector.ConditionalSelect(positive, Vector.GreaterThan(values, Vector<float>.Zero), Vector.LessThan(values, Vector<float>.Zero));
                agreed += Vector.ConditionalSelect(same, values, Vector<float>.Zero);
                divisor += Vector.ConditionalSelect(same, new Vector<float>(weights[i]), Vector<float>.Zero);
            }

            var shared = normalize ? agreed / Vector.ConditionalSelect(Vector.Equals(divisor, Vector<float>.Zero), Vector<float>.One, divisor) : agreed;
            shared.CopyTo(sum[at..]);
        }

        for (var at = whole; at < sum.Length; at++)
        {
            var total = 0f;
            foreach (var vector in vectors)
            {
                total += vector.Span[at];
            }

            var (agreed, divisor) = (0f, 0f);
            for (var i = 0; i < vectors.Length; i++)
            {
                var value = vectors[i].Span[at];
                if (total >= 0 ? value > 0 : value < 0)
                {
                    agreed += value;
                    divisor += weights[i];
                }
            }

            sum[at] = normalize && divisor != 0 ? agreed / divisor : agreed;
        }
    }
}
