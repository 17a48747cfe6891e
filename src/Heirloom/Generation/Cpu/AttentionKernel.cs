using System.Runtime.CompilerServices;

namespace Heirloom.Generation.Cpu;

/// <summary>Attention of up to four queries that share a key head and stand near each other, over keys and values in contiguous memory.</summary>
internal static unsafe class AttentionKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
{
    /// <param name="queries">At most <see cref="AttentionQuery.AtOnce"/>.</param>
    /// <param name="scaled"><c>[queries, width]</c>: their vectors, scores' factor included.</param>
    /// <param name="keys"><c>[positions, width]</c></param>
    /// <param name="values"><c>[positions, width]</c></param>
    /// <param name="width">Of a head.</param>
    /// <param name="scores">Room for a number for each query and position.</param>
    /// <param name="stride">Positions for which there is room.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Attend(ReadOnlySpan<AttentionQuery> queries, float* scaled, float* keys, float* values, int width, float* scores, int stride)
    {
        var (first, end) = (queries[0].First, queries[0].End);
        foreach (var query in queries)
        {
            (first, end) = (Math.Min(first, query.First), Math.Max(end, query.End));
        }

        MatrixKernel<TSimd, TVector>.Multiply(keys, width, null, first, end, scaled, width, queries.Length, scores, stride);
        var totals = stackalloc float[AttentionQuery.AtOnce];
        for (var q = 0; q < queries.Length; q++)
        {
            var own = queries[q];
            var row = scores + ((long)q * stride);
            totals[q] = Exponentials(row + own.First, own.Bias is null ? null : own.Bias + own.First, own.End - own.First);
            new Span<float>(row + first, own.First - first).Clear();
            new Span<float>(row + own.End, end - own.End).Clear();
        }

        if (queries.Length == AttentionQuery.AtOnce)
        {
            Four(queries, scores, stride, totals, values, width, first, end);
            return;
        }

        for (var q = 0; q < queries.Length; q++)
        {
            One(queries[q].Result, scores + ((long)q * stride), 1 / totals[q], values, width, queries[q].First, queries[q].End);
        }
    }

    /// <summary><c>x = exp(x + bias − max)</c>.</summary>
    /// <returns>Their sum.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Exponentials(float* x, float* bias, int count)
    {
        if (bias is not null)
        {
            VectorKernel<TSimd, TVector>.Add(bias, x, count);
        }

        var max = Max(x, count);
        var (maxima, sums) = (TSimd.All(max), TSimd.All(0));
        var k = 0;
        for (; k + TSimd.Width <= count; k += TSimd.Width)
        {
            var e = TSimd.Exp(TSimd.Subtract(TSimd.Load(x + k), maxima));
            TSimd.Store(e, x + k);
            sums = TSimd.Add(sums, e);
        }

        if (k < count)
        {
            var rest = stackalloc float[TSimd.Width];
            TSimd.Store(TSimd.All(float.NegativeInfinity), rest);
            new ReadOnlySpan<float>(x + k, count - k).CopyTo(new(rest, TSimd.Width));
            var e = TSimd.Exp(TSimd.Subtract(TSimd.Load(rest), maxima));
            TSimd.Store(e, rest);
            sums = TSimd.Add(sums, e);
            new ReadOnlySpan<float>(rest, count - k).CopyTo(new(x + k, count - k));
        }

        return TSimd.Sum(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Max(float* x, int count)
    {
        var max = x[0];
        var k = 0;
        if (count >= TSimd.Width)
        {
            var maxima = TSimd.Load(x);
            for (k = TSimd.Width; k + TSimd.Width <= count; k += TSimd.Width)
            {
                maxima = TSimd.Max(maxima, TSimd.Load(x + k));
            }

            var all = stackalloc float[TSimd.Width];
            TSimd.Store(maxima, all);
            for (var i = 0; i < TSimd.Width; i++)
            {
                max = MathF.Max(max, all[i]);
            }
        }

        for (; k < count; k++)
        {
            max = MathF.Max(max, x[k]);
        }

        return max;
    }

    /// <summary>The mean of values under one query's weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* result, float* weights, float scale, float* values, int width, int first, int end)
    {
        var k = 0;
        for (; k + (4 * TSimd.Width) <= width; k += 4 * TSimd.Width)
        {
            TVector a = TSimd.All(0), b = a, c = a, d = a;
            for (var s = first; s < end; s++)
            {
                var weight = TSimd.All(weights[s]);
                var value = values + ((long)s * width) + k;
                a = TSimd.MultiplyAdd(weight, TSimd.Load(value), a);
                b = TSimd.MultiplyAdd(weight, TSimd.Load(value + TSimd.Width), b);
                c = TSimd.MultiplyAdd(weight, TSimd.Load(value + (2 * TSimd.Width)), c);
                d = TSimd.MultiplyAdd(weight, TSimd.Load(value + (3 * TSimd.Width)), d);
            }

            var all = TSimd.All(scale);
            TSimd.Store(TSimd.Multiply(all, a), result + k);
            TSimd.Store(TSimd.Multiply(all, b), result + k + TSimd.Width);
            TSimd.Store(TSimd.Multiply(all, c), result + k + (2 * TSimd.Width));
            TSimd.Store(TSimd.Multiply(all, d), result + k + (3 * TSimd.Width));
        }

        for (; k + TSimd.Width <= width; k += TSimd.Width)
        {
            var sum = TSimd.All(0);
            for (var s = first; s < end; s++)
            {
                sum = TSimd.MultiplyAdd(TSimd.All(weights[s]), TSimd.Load(values + ((long)s * width) + k), sum);
            }

            TSimd.Store(TSimd.Multiply(TSimd.All(scale), sum), result + k);
        }

        Rest(result, weights, scale, values, width, k, first, end);
    }

    /// <summary>The same for four queries, for which each value is read once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(ReadOnlySpan<AttentionQuery> queries, float* scores, int stride, float* totals, float* values, int width, int first, int end)
    {
        float* w0 = scores, w1 = w0 + stride, w2 = w1 + stride, w3 = w2 + stride;
        var k = 0;
        for (; k + (2 * TSimd.Width) <= width; k += 2 * TSimd.Width)
        {
            TVector a = TSimd.All(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
            for (var s = first; s < end; s++)
            {
                TVector value = TSimd.Load(values + ((long)s * width) + k), next = TSimd.Load(values + ((long)s * width) + k + TSimd.Width);
                var weight = TSimd.All(w0[s]);
                (a, e) = (TSimd.MultiplyAdd(weight, value, a), TSimd.MultiplyAdd(weight, next, e));
                weight = TSimd.All(w1[s]);
                (b, f) = (TSimd.MultiplyAdd(weight, value, b), TSimd.MultiplyAdd(weight, next, f));
                weight = TSimd.All(w2[s]);
                (c, g) = (TSimd.MultiplyAdd(weight, value, c), TSimd.MultiplyAdd(weight, next, g));
                weight = TSimd.All(w3[s]);
                (d, h) = (TSimd.MultiplyAdd(weight, value, d), TSimd.MultiplyAdd(weight, next, h));
            }

            Put(queries, totals, k, a, b, c, d);
            Put(queries, totals, k + TSimd.Width, e, f, g, h);
        }

        for (; k + TSimd.Width <= width; k += TSimd.Width)
        {
            TVector a = TSimd.All(0), b = a, c = a, d = a;
            for (var s = first; s < end; s++)
            {
                var value = TSimd.Load(values + ((long)s * width) + k);
                a = TSimd.MultiplyAdd(TSimd.All(w0[s]), value, a);
                b = TSimd.MultiplyAdd(TSimd.All(w1[s]), value, b);
                c = TSimd.MultiplyAdd(TSimd.All(w2[s]), value, c);
                d = TSimd.MultiplyAdd(TSimd.All(w3[s]), value, d);
            }

            Put(queries, totals, k, a, b, c, d);
        }

        for (var q = 0; k < width && q < AttentionQuery.AtOnce; q++)
        {
            Rest(queries[q].Result, scores + ((long)q * stride), 1 / totals[q], values, width, k, queries[q].First, queries[q].End);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ReadOnlySpan<AttentionQuery> queries, float* totals, int k, TVector a, TVector b, TVector c, TVector d)
    {
        TSimd.Store(TSimd.Multiply(TSimd.All(1 / totals[0]), a), queries[0].Result + k);
        TSimd.Store(TSimd.Multiply(TSimd.All(1 / totals[1]), b), queries[1].Result + k);
        TSimd.Store(TSimd.Multiply(TSimd.All(1 / totals[2]), c), queries[2].Result + k);
        TSimd.Store(TSimd.Multiply(TSimd.All(1 / totals[3]), d), queries[3].Result + k);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rest(float* result, float* weights, float scale, float* values, int width, int from, int first, int end)
    {
        for (var k = from; k < width; k++)
        {
            var sum = 0f;
            for (var s = first; s < end; s++)
            {
                sum += weights[s] * values[((long)s * width) + k];
            }

            result[k] = scale * sum;
        }
    }
}
