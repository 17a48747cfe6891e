using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heirloom.Generation.Cpu;

/// <summary>
/// Products of a matrix with one or several vectors. Rows of the matrix are dot products over contiguous memory, so weights are read where the model keeps
/// them; four rows at a time, with four vectors at a time where there are so many, for which each number is read once.
/// </summary>
/// <remarks>Each sum has one order, whatever the number of rows and vectors of a call: what a vector gives depends neither on its neighbors nor on threads.</remarks>
internal static unsafe class MatrixKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
{
    private const int Near = 16 << 10, Far = 2 << 10; // bytes

    /// <summary><c>y[c, r] = w[r] · x[c] + bias[r]</c> for rows <paramref name="first"/> … <c>last − 1</c>.</summary>
    /// <param name="matrix">The weights.</param>
    /// <param name="first">First row.</param>
    /// <param name="last">The row after the last.</param>
    /// <param name="x">The first vector.</param>
    /// <param name="xStride">From a vector to the next.</param>
    /// <param name="columns">Vectors.</param>
    /// <param name="y">Where row 0 of the first vector's result would be.</param>
    /// <param name="yStride">From a result to the next.</param>
    public static void Multiply(WeightMatrix matrix, int first, int last, float* x, int xStride, int columns, float* y, int yStride)
    {
        if (matrix.IsBFloat16)
        {
            Multiply((ushort*)matrix.Data, matrix.Inputs, matrix.Bias, first, last, x, xStride, columns, y, yStride);
        }
        else
        {
            Multiply((float*)matrix.Data, matrix.Inputs, matrix.Bias, first, last, x, xStride, columns, y, yStride);
        }
    }

    /// <inheritdoc cref="Multiply(WeightMatrix, int, int, float*, int, int, float*, int)"/>
    /// <typeparam name="TWeight">float, or ushort for bfloat16.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TWeight>(
        TWeight* w, int inputs, float* bias, int first, int last, float* x, int xStride, int columns, float* y, int yStride)
        where TWeight : unmanaged
    {
        // Rows are short for the processor's own look-ahead: the next four are asked for in time. Long ones would not fit the nearest cache beside these.
        var ahead = 4 * inputs * sizeof(TWeight) <= Near ? 4 * inputs : Far / sizeof(TWeight);
        var r = first;
        for (; r + 4 <= last; r += 4)
        {
            var rows = w + ((long)r * inputs);
            var c = 0;
            for (; c + 4 <= columns; c += 4)
            {
                Four(rows, inputs, c == 0 ? ahead : 0, bias is null ? null : bias + r, x + ((long)c * xStride), xStride, y + ((long)c * yStride) + r, yStride);
            }

            for (; c < columns; c++)
            {
                One(rows, inputs, c == 0 ? ahead : 0, bias is null ? null : bias + r, x + ((long)c * xStride), y + ((long)c * yStride) + r);
            }
        }

        for (; r < last; r++)
        {
            var row = w + ((long)r * inputs);
            for (var c = 0; c < columns; c++)
            {
                y[((long)c * yStride) + r] = Dot(row, x + ((long)c * xStride), inputs) + (bias is null ? 0 : bias[r]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot<TWeight>(TWeight* w, float* x, int inputs)
        where TWeight : unmanaged
    {
        var whole = inputs - (inputs % TSimd.Width);
        var sum = TSimd.All(0);
        for (var k = 0; k < whole; k += TSimd.Width)
        {
            sum = TSimd.MultiplyAdd(Load(w + k), TSimd.Load(x + k), sum);
        }

        return TSimd.Sum(sum) + Rest(w, x, whole, inputs);
    }

    /// <summary>Four rows with one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TWeight>(TWeight* w, int inputs, int ahead, float* bias, float* x, float* y)
        where TWeight : unmanaged
    {
        TWeight* w0 = w, w1 = w0 + inputs, w2 = w1 + inputs, w3 = w2 + inputs;
        var whole = inputs - (inputs % TSimd.Width);
        TVector s0 = TSimd.All(0), s1 = s0, s2 = s0, s3 = s0;
        for (var k = 0; k < whole; k += TSimd.Width)
        {
            Prefetch(w0 + k, w1 + k, w2 + k, w3 + k, ahead);
            var v = TSimd.Load(x + k);
            s0 = TSimd.MultiplyAdd(Load(w0 + k), v, s0);
            s1 = TSimd.MultiplyAdd(Load(w1 + k), v, s1);
            s2 = TSimd.MultiplyAdd(Load(w2 + k), v, s2);
            s3 = TSimd.MultiplyAdd(Load(w3 + k), v, s3);
        }

        Finish(s0, s1, s2, s3, w, x, whole, inputs, bias, y);
    }

    /// <summary>Four rows with four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TWeight>(TWeight* w, int inputs, int ahead, float* bias, float* x, int xStride, float* y, int yStride)
        where TWeight : unmanaged
    {
        TWeight* w0 = w, w1 = w0 + inputs, w2 = w1 + inputs, w3 = w2 + inputs;
        float* x0 = x, x1 = x0 + xStride, x2 = x1 + xStride, x3 = x2 + xStride;
        var whole = inputs - (inputs % TSimd.Width);
        TVector a0 = TSimd.All(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        TVector c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        for (var k = 0; k < whole; k += TSimd.Width)
        {
            Prefetch(w0 + k, w1 + k, w2 + k, w3 + k, ahead);
            TVector v0 = Load(w0 + k), v1 = Load(w1 + k), v2 = Load(w2 + k), v3 = Load(w3 + k);
            var u = TSimd.Load(x0 + k);
            a0 = TSimd.MultiplyAdd(v0, u, a0);
            a1 = TSimd.MultiplyAdd(v1, u, a1);
            a2 = TSimd.MultiplyAdd(v2, u, a2);
            a3 = TSimd.MultiplyAdd(v3, u, a3);
            u = TSimd.Load(x1 + k);
            b0 = TSimd.MultiplyAdd(v0, u, b0);
            b1 = TSimd.MultiplyAdd(v1, u, b1);
            b2 = TSimd.MultiplyAdd(v2, u, b2);
            b3 = TSimd.MultiplyAdd(v3, u, b3);
            u = TSimd.Load(x2 + k);
            c0 = TSimd.MultiplyAdd(v0, u, c0);
            c1 = TSimd.MultiplyAdd(v1, u, c1);
            c2 = TSimd.MultiplyAdd(v2, u, c2);
            c3 = TSimd.MultiplyAdd(v3, u, c3);
            u = TSimd.Load(x3 + k);
            d0 = TSimd.MultiplyAdd(v0, u, d0);
            d1 = TSimd.MultiplyAdd(v1, u, d1);
            d2 = TSimd.MultiplyAdd(v2, u, d2);
            d3 = TSimd.MultiplyAdd(v3, u, d3);
        }

        Finish(a0, a1, a2, a3, w, x0, whole, inputs, bias, y);
        Finish(b0, b1, b2, b3, w, x1, whole, inputs, bias, y + yStride);
        Finish(c0, c1, c2, c3, w, x2, whole, inputs, bias, y + (2 * (long)yStride));
        Finish(d0, d1, d2, d3, w, x3, whole, inputs, bias, y + (3 * (long)yStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TWeight>(
        TVector s0, TVector s1, TVector s2, TVector s3, TWeight* w, float* x, int whole, int inputs, float* bias, float* y)
        where TWeight : unmanaged
    {
        TSimd.Sum(s0, s1, s2, s3).Store(y);
        if (whole < inputs)
        {
            for (var r = 0; r < 4; r++)
            {
                y[r] += Rest(w + ((long)r * inputs), x, whole, inputs);
            }
        }

        if (bias is not null)
        {
            for (var r = 0; r < 4; r++)
            {
                y[r] += bias[r];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<TWeight>(TWeight* w0, TWeight* w1, TWeight* w2, TWeight* w3, int ahead)
        where TWeight : unmanaged
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(w0 + ahead);
            Sse.Prefetch0(w1 + ahead);
            Sse.Prefetch0(w2 + ahead);
            Sse.Prefetch0(w3 + ahead);
        }
    }

    /// <summary>What does not fill a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Rest<TWeight>(TWeight* w, float* x, int whole, int inputs)
        where TWeight : unmanaged
    {
        var sum = 0f;
        for (var k = whole; k < inputs; k++)
        {
            sum += (typeof(TWeight) == typeof(float) ? *(float*)(w + k) : BFloat16.Widen(*(ushort*)(w + k))) * x[k];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load<TWeight>(TWeight* w)
        where TWeight : unmanaged => typeof(TWeight) == typeof(float) ? TSimd.Load((float*)w) : TSimd.Load((ushort*)w);
}
