using System.Runtime.CompilerServices;

namespace Heirloom.Generation.Cpu;

/// <summary>What happens to single vectors between the products: norms, sums, rotations.</summary>
internal static unsafe class VectorKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
{
    /// <summary><c>y += x</c></summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* x, float* y, int width)
    {
        var k = 0;
        for (; k + TSimd.Width <= width; k += TSimd.Width)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(y + k), TSimd.Load(x + k)), y + k);
        }

        for (; k < width; k++)
        {
            y[k] += x[k];
        }
    }

    /// <summary><c>y = factor · x</c>, where they may be the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float factor, float* y, int width)
    {
        var all = TSimd.All(factor);
        var k = 0;
        for (; k + TSimd.Width <= width; k += TSimd.Width)
        {
            TSimd.Store(TSimd.Multiply(all, TSimd.Load(x + k)), y + k);
        }

        for (; k < width; k++)
        {
            y[k] = factor * x[k];
        }
    }

    /// <summary><c>y = norm(x)</c>, where they may be the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalize(NormWeights norm, float* x, float* y, int width)
    {
        var mean = norm.Centers ? Total(x, width) / width : 0;
        var scale = 1 / MathF.Sqrt((Squares(x, mean, width) / width) + norm.Epsilon);
        var (means, scales) = (TSimd.All(mean), TSimd.All(scale));
        var k = 0;
        for (; k + TSimd.Width <= width; k += TSimd.Width)
        {
            var value = TSimd.Multiply(TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + k), means), scales), TSimd.Load(norm.Weight + k));
            TSimd.Store(norm.Bias is null ? value : TSimd.Add(value, TSimd.Load(norm.Bias + k)), y + k);
        }

        for (; k < width; k++)
        {
            y[k] = ((x[k] - mean) * scale * norm.Weight[k]) + (norm.Bias is null ? 0 : norm.Bias[k]);
        }
    }

    /// <summary>Turns coordinate <c>i</c> with <c>i + half</c>; those after the two halves stay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(float* x, float* cos, float* sin, int half)
    {
        var i = 0;
        for (; i + TSimd.Width <= half; i += TSimd.Width)
        {
            TVector a = TSimd.Load(x + i), b = TSimd.Load(x + half + i), c = TSimd.Load(cos + i), s = TSimd.Load(sin + i);
            TSimd.Store(TSimd.Subtract(TSimd.Multiply(a, c), TSimd.Multiply(b, s)), x + i);
            TSimd.Store(TSimd.MultiplyAdd(a, s, TSimd.Multiply(b, c)), x + half + i);
        }

        for (; i < half; i++)
        {
            var (a, b) = (x[i], x[half + i]);
            x[i] = (a * cos[i]) - (b * sin[i]);
            x[half + i] = (b * cos[i]) + (a * sin[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Total(float* x, int width)
    {
        var sums = TSimd.All(0);
        var k = 0;
        for (; k + TSimd.Width <= width; k += TSimd.Width)
        {
            sums = TSimd.Add(sums, TSimd.Load(x + k));
        }

        var sum = TSimd.Sum(sums);
        for (; k < width; k++)
        {
            sum += x[k];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Squares(float* x, float mean, int width)
    {
        var (sums, means) = (TSimd.All(0), TSimd.All(mean));
        var k = 0;
        for (; k + TSimd.Width <= width; k += TSimd.Width)
        {
            var value = TSimd.Subtract(TSimd.Load(x + k), means);
            sums = TSimd.MultiplyAdd(value, value, sums);
        }

        var sum = TSimd.Sum(sums);
        for (; k < width; k++)
        {
            sum += (x[k] - mean) * (x[k] - mean);
        }

        return sum;
    }
}
