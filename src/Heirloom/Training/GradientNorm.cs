using System.Numerics;
using System.Runtime.CompilerServices;
using Heirloom.Training.Optimizers;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>Norms of gradients.</summary>
public static class GradientNorm
{
    /// <summary>The Euclidean norm of all gradients together (Pascanu et al. 2013); those that are absent count as zero.</summary>
    public static double Of(IReadOnlyList<NamedParameter> parameters) => Math.Sqrt(SumOfSquares(parameters));

    internal static double SumOfSquares(IReadOnlyList<NamedParameter> parameters)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var sum = 0.0;
        foreach (var parameter in parameters)
        {
            if (parameter.Value.grad is { } gradient)
            {
                sum += SumOfSquares(gradient);
            }
        }

        return sum;
    }

    /// <summary>The first parameter whose gradient is not finite, or null.</summary>
    public static string? FirstBad(IReadOnlyList<NamedParameter> parameters)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        return parameters.FirstOrDefault(p => p.Value.grad is { } gradient && !double.IsFinite(SumOfSquares(gradient)))?.Name;
    }

    /// <summary>The parameter whose gradient is the largest, and the sum of its squares.</summary>
    public static (string Name, double Squares) Largest(IReadOnlyList<NamedParameter> parameters)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        return parameters.Select(p => (p.Name, p.Value.grad is { } gradient ? SumOfSquares(gradient) : -1)).MaxBy(p => p.Item2);
    }

    internal static double SumOfSquares(Tensor x)
    {
        if (!FlatFloats.All(x))
        {
            return x.to(float64).square().sum().item<double>();
        }

        var count = x.numel();
        var sums = new double[(count + FlatFloats.Chunk - 1) / FlatFloats.Chunk];
        nint address;
        unsafe
        {
            address = (nint)FlatFloats.Address(x);
        }

        FlatFloats.ForChunks(count, (chunk, start, length) => sums[chunk] = SumOfSquares(address, start, length));
        return sums.Sum();
    }

    private static unsafe double SumOfSquares(nint address, int start, int count)
    {
        var x = (float*)address + start;
        var (low, high) = (Vector<double>.Zero, Vector<double>.Zero);
        var i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Unsafe.ReadUnaligned<Vector<float>>(x + i), out var a, out var b);
            low += a * a;
            high += b * b;
        }

        var sum = Vector.Sum(low + high);
        for (; i < count; i++)
        {
            sum += (double)x[i] * x[i];
        }

        return sum;
    }
}
