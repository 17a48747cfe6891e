using System.Buffers;
using System.Numerics.Tensors;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>Sums over tensors: blocks that stay in the processor's nearest cache, inner products summed up in double precision.</summary>
internal static class MergeMath
{
    private const int Block = 4096;

    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var from = 0; from < a.Length; from += Block)
        {
            var length = Math.Min(Block, a.Length - from);
            sum += TensorPrimitives.Dot(a.Slice(from, length), b.Slice(from, length));
        }

        return sum;
    }

    /// <summary>Σ |a|, in blocks: one sum in single precision over a large tensor would lose what it adds last.</summary>
    public static double Magnitudes(ReadOnlySpan<float> a)
    {
        var sum = 0.0;
        for (var from = 0; from < a.Length; from += Block)
        {
            sum += TensorPrimitives.SumOfMagnitudes(a.Slice(from, Math.Min(Block, a.Length - from)));
        }

        return sum;
    }

    /// <summary>The greatest magnitude; 0 of nothing.</summary>
    public static float Greatest(ReadOnlySpan<float> a) => a.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(a));

    /// <summary>Inner products of all versions (part of them), measured from the base where there is one.</summary>
    public static double[,] Gram(MergeInput input, int start, int count)
    {
        var k = input.Models.Count;
        var gram = new double[k, k];
        var buffer = ArrayPool<float>.Shared.Rent(k * Block);
        for (var from = start; from < start + count; from += Block)
        {
            var length = Math.Min(Block, start + count - from);
            for (var i = 0; i < k; i++)
            {
                var own = buffer.AsSpan(i * Block, length);
                Offset(input, i, from, own);
                for (var j = 0; j <= i; j++)
                {
                    gram[i, j] += TensorPrimitives.Dot(own, buffer.AsSpan(j * Block, length));
                }
            }
        }

        ArrayPool<float>.Shared.Return(buffer);
        for (var i = 0; i < k; i++)
        {
            for (var j = 0; j < i; j++)
            {
                gram[j, i] = gram[i, j];
            }
        }

        return gram;
    }

    /// <summary>Σ wᵢ vᵢ, or base + Σ wᵢ (vᵢ − base) where there is one, over a part. A weight of 0 leaves a version out, and a sum of one is that one to the bit.</summary>
    public static void Combine(MergeInput input, ReadOnlySpan<double> weights, int start, int count, Span<float> result)
    {
        var buffer = ArrayPool<float>.Shared.Rent(Block);
        for (var from = start; from < start + count; from += Block)
        {
            var length = Math.Min(Block, start + count - from);
            var offset = buffer.AsSpan(0, length);
            var sum = result.Slice(from, length);
            var first = true;
            for (var i = 0; i < weights.Length; i++)
            {
                var weight = (float)weights[i];
                if (weight == 0)
                {
                    continue;
                }

                Offset(input, i, from, offset);
                if (first)
                {
                    TensorPrimitives.Multiply(offset, weight, sum);
                }
                else
                {
                    TensorPrimitives.MultiplyAdd(offset, weight, sum, sum);
                }

                first = false;
            }

            if (first)
            {
                sum.Clear();
            }

            if (!input.Base.IsEmpty)
            {
                TensorPrimitives.Add(sum, input.Base.Span.Slice(from, length), sum);
            }
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    private static void Offset(MergeInput input, int model, int from, Span<float> offset)
    {
        var values = input.Models[model].Values.Span.Slice(from, offset.Length);
        if (!input.Base.IsEmpty)
        {
            TensorPrimitives.Subtract(values, input.Base.Span.Slice(from, offset.Length), offset);
        }
        else
        {
            values.CopyTo(offset);
        }
    }
}
