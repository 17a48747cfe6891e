using System.ComponentModel.DataAnnotations;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>
/// The Karcher mean of the versions' directions — the point of the sphere from which the logarithms of all of them sum to zero — with the mean of their lengths.
/// </summary>
/// <remarks>
/// Karcher 1977; as a merge method mergekit's. Every step stays within the span of the versions, so that the iteration runs on coefficients and the versions'
/// inner products, and tensors are passed over twice however many steps it takes.
/// </remarks>
public sealed record Karcher : MergeMethod
{
    public override MergeNeeds Needs { get; } = new(2, int.MaxValue, MergeBase.None);

    /// <summary>Steps at most.</summary>
    [Range(1, 100_000)]
    public int MaxIter { get; init; } = 10;

    /// <summary>Length of a step at which it has converged; lengths below it count as zero.</summary>
    [Range(0.0, 1)]
    public double Tol { get; init; } = 1e-5;

    public override void Merge(MergeInput input, Span<float> result)
    {
        var gram = MergeMath.Gram(input, 0, input.Length);
        var norms = Enumerable.Range(0, input.Models.Count).Select(i => Math.Sqrt(gram[i, i])).ToArray();
        var kept = Enumerable.Range(0, norms.Length).Where(i => norms[i] > Tol).ToArray();
        var weights = new double[norms.Length];
        if (kept.Length > 0)
        {
            var cosines = new double[kept.Length, kept.Length];
            for (var i = 0; i < kept.Length; i++)
            {
                for (var j = 0; j < kept.Length; j++)
                {
                    cosines[i, j] = i == j ? 1 : gram[kept[i], kept[j]] / (norms[kept[i]] * norms[kept[j]]);
                }
            }

            var direction = Direction(cosines);
            var length = norms.Average();
            for (var i = 0; i < kept.Length; i++)
            {
                weights[kept[i]] = length * direction[i] / norms[kept[i]];
            }
        }

        MergeMath.Combine(input, weights, 0, input.Length, result);
    }

    /// <summary>Coefficients of the mean direction in unit vectors with these inner products.</summary>
    private double[] Direction(double[,] cosines)
    {
        var k = cosines.GetLength(0);
        var mean = Enumerable.Repeat(1.0 / k, k).ToArray();
        var norm = Norm(mean, cosines);
        mean = norm < Tol ? [1, .. new double[k - 1]] : [.. mean.Select(c => c / norm)];
        for (var step = 0; step < MaxIter; step++)
        {
            var tangent = new double[k];
            for (var i = 0; i < k; i++)
            {
                var cosine = Math.Clamp(Enumerable.Range(0, k).Sum(j => mean[j] * cosines[j, i]), -1, 1);
                var angle = Math.Acos(cosine);
                if (angle < Tol)
                {
                    continue;
                }

                var scale = angle / Math.Sin(angle) / k;
                tangent[i] += scale;
                for (var j = 0; j < k; j++)
                {
                    tangent[j] -= scale * cosine * mean[j];
                }
            }

            var length = Norm(tangent, cosines);
            if (length < Tol)
            {
                break;
            }

            mean = [.. mean.Zip(tangent, (m, t) => (Math.Cos(length) * m) + (Math.Sin(length) * t / length))];
            norm = Norm(mean, cosines);
            mean = [.. mean.Select(c => c / norm)];
        }

        return mean;
    }

    private static double Norm(double[] coefficients, double[,] products)
    {
        var sum = 0.0;
        for (var i = 0; i < coefficients.Length; i++)
        {
            for (var j = 0; j < coefficients.Length; j++)
            {
                sum += coefficients[i] * coefficients[j] * products[i, j];
            }
        }

        return Math.Sqrt(Math.Max(sum, 0));
    }
}
