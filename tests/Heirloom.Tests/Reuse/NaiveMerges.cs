namespace Heirloom.Tests.Reuse;

/// <summary>The papers' formulas, element by element in double precision, with sorts and whole vectors: nothing here is shared with the library.</summary>
internal static class NaiveMerges
{
    public static double[] Linear(float[][] models, double[] weights, bool normalize) =>
        [.. Enumerable.Range(0, models[0].Length).Select(i => models.Select((m, k) => weights[k] * m[i]).Sum() / (normalize ? weights.Sum() : 1))];

    public static double[] Slerp(IEnumerable<float> zero, IEnumerable<float> one, double t)
    {
        double[] a = [.. zero.Select(x => (double)x)], b = [.. one.Select(x => (double)x)];
        var angle = Math.Acos(Math.Clamp(Dot(a, b) / (Norm(a) * Norm(b)), -1, 1));
        return [.. a.Zip(b, (x, y) => ((Math.Sin((1 - t) * angle) * x) + (Math.Sin(t * angle) * y)) / Math.Sin(angle))];
    }

    public static double[] NuSlerp(float[]? origin, float[] one, float[] two, double t, int rows, int columns, bool flatten, bool alongFirst)
    {
        float[] Offset(float[] x) => origin is null ? x : [.. x.Zip(origin, (v, o) => v - o)];
        float[] a = Offset(one), b = Offset(two);
        var result = new double[a.Length];
        var groups = flatten ? [Enumerable.Range(0, a.Length).ToArray()]
            : alongFirst ? Enumerable.Range(0, columns).Select(c => Enumerable.Range(0, rows).Select(r => (r * columns) + c).ToArray())
            : Enumerable.Range(0, rows).Select(r => Enumerable.Range(r * columns, columns).ToArray());
        foreach (var group in groups)
        {
            var merged = Slerp(group.Select(i => a[i]), group.Select(i => b[i]), t);
            for (var i = 0; i < group.Length; i++)
            {
                result[group[i]] = merged[i] + (origin?[group[i]] ?? 0);
            }
        }

        return result;
    }

    public static double[] Karcher(float[][] models, int steps, double tolerance)
    {
        var units = models.Select(m => m.Select(x => (double)x).ToArray()).Select(m => m.Select(x => x / Norm(m)).ToArray()).ToArray();
        var mean = Unit([.. Enumerable.Range(0, units[0].Length).Select(i => units.Average(u => u[i]))]);
        for (var step = 0; step < steps; step++)
        {
            var tangent = new double[mean.Length];
            foreach (var unit in units)
            {
                var cosine = Math.Clamp(Dot(mean, unit), -1, 1);
                var angle = Math.Acos(cosine);
                if (angle >= tolerance)
                {
                    tangent = [.. tangent.Select((x, i) => x + (angle / Math.Sin(angle) * (unit[i] - (cosine * mean[i])) / units.Length))];
                }
            }

            var length = Norm(tangent);
            if (length < tolerance)
            {
                break;
            }

            mean = Unit([.. mean.Select((x, i) => (Math.Cos(length) * x) + (Math.Sin(length) * tangent[i] / length))]);
        }

        var scale = models.Average(m => Norm([.. m.Select(x => (double)x)]));
        return [.. mean.Select(x => x * scale)];
    }

    public static double[] ModelStock(float[] origin, float[][] models, int length)
    {
        var result = new double[origin.Length];
        for (var from = 0; from < origin.Length; from += length)
        {
            var vectors = models.Select(m => Enumerable.Range(from, length).Select(i => (double)m[i] - origin[i]).ToArray()).ToArray();
            var cosines = new List<double>();
            for (var i = 0; i < vectors.Length; i++)
            {
                for (var j = i + 1; j < vectors.Length; j++)
                {
                    cosines.Add(Dot(vectors[i], vectors[j]) / (Norm(vectors[i]) * Norm(vectors[j])));
                }
            }

            var (cosine, n) = (Math.Max(0, cosines.Average()), models.Length);
            var t = n * cosine / (1 + ((n - 1) * cosine));
            for (var i = from; i < from + length; i++)
            {
                result[i] = (t * models.Average(m => (double)m[i])) + ((1 - t) * origin[i]);
            }
        }

        return result;
    }

    /// <summary>base + λ Σ w s(θ − base), with an election of signs where that is asked for.</summary>
    public static double[] TaskVectors(float[] origin, float[][] models, double[] weights, Func<double[], int, double[]> sparse, bool consensus, bool normalize, double lambda)
    {
        var vectors = models.Select((m, k) => sparse([.. m.Zip(origin, (x, o) => (double)x - o)], k).Select(x => x * weights[k]).ToArray()).ToArray();
        return [.. Enumerable.Range(0, origin.Length).Select(i =>
        {
            var sign = vectors.Sum(v => v[i]) >= 0 ? 1 : -1;
            var chosen = Enumerable.Range(0, vectors.Length).Where(k => !consensus || Math.Sign(vectors[k][i]) == sign).ToArray();
            var (sum, weight) = (chosen.Sum(k => vectors[k][i]), chosen.Sum(k => weights[k]));
            return origin[i] + (lambda * sum / (normalize && weight != 0 ? weight : 1));
        })];
    }

    /// <summary>The greatest by magnitude, as float32 has them.</summary>
    public static double[] Trim(double[] vector, double density)
    {
        var kept = Order(vector).Take((int)(density * vector.Length)).ToHashSet();
        return [.. vector.Select((x, i) => kept.Contains(i) ? x : 0)];
    }

    public static double[] Middle(double[] vector, double density, double gamma)
    {
        if (density >= 1)
        {
            return vector;
        }

        var stay = (int)(density * vector.Length);
        var top = Math.Min((int)(gamma * vector.Length), vector.Length - stay);
        var kept = Order(vector).Skip(top).Take(stay).ToHashSet();
        return [.. vector.Select((x, i) => kept.Contains(i) ? x : 0)];
    }

    public static double[] Rescale(double[] before, double[] after, bool rescale)
    {
        var (was, now) = (before.Sum(Math.Abs), after.Sum(Math.Abs));
        return rescale && now > 0 ? [.. after.Select(x => x * was / now)] : after;
    }

    /// <summary>Probabilities from density − ε to density + ε by the rank of magnitude in each row.</summary>
    public static double[] Stays(double[] vector, int row, double density, double epsilon)
    {
        var result = new double[vector.Length];
        for (var from = 0; from < vector.Length; from += row)
        {
            var order = Enumerable.Range(from, row).OrderBy(i => Math.Abs(vector[i])).ToArray();
            for (var rank = 0; rank < row; rank++)
            {
                result[order[rank]] = density - epsilon + (2 * epsilon * rank / (row - 1));
            }
        }

        return result;
    }

    private static IEnumerable<int> Order(double[] vector) => Enumerable.Range(0, vector.Length).OrderByDescending(i => Math.Abs(vector[i])).ThenBy(i => i);

    private static double[] Unit(double[] x) => [.. x.Select(v => v / Norm(x))];

    private static double Norm(double[] x) => Math.Sqrt(Dot(x, x));

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
