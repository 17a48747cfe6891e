using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>Logits as plain memory of the CPU, wherever they were computed: choosing one token takes fewer passes than tensor operations would.</summary>
internal sealed class LogitRows : IDisposable
{
    private readonly Tensor _logits;
    private readonly int _vocabulary;

    /// <param name="logits"><c>[B, V]</c>; on the CPU and contiguous they are read where they are.</param>
    public LogitRows(Tensor logits)
    {
        using var scope = NewDisposeScope();
        _logits = logits.detach().to(ScalarType.Float32).cpu().contiguous().alias().DetachFromDisposeScope();
        _vocabulary = (int)logits.shape[1];
    }

    public ReadOnlySpan<float> this[int row]
    {
        get
        {
            // of one row alone: all together may be more than a span can hold
            using var scope = NewDisposeScope();
            return MemoryMarshal.Cast<byte, float>(_logits[row].bytes)[.._vocabulary];
        }
    }

    public void Dispose() => _logits.Dispose();

    /// <summary>The first of the greatest; of the numbers that are none, where there are some.</summary>
    public static int Likeliest(ReadOnlySpan<float> logits)
    {
        var max = Max(logits);
        if (float.IsNaN(max))
        {
            var at = 0;
            while (!float.IsNaN(logits[at]))
            {
                at++;
            }

            return at;
        }

        var (i, all) = (0, new Vector<float>(max));
        while (i + Vector<float>.Count <= logits.Length && !Vector.EqualsAny(new Vector<float>(logits[i..]), all))
        {
            i += Vector<float>.Count;
        }

        while (logits[i] != max)
        {
            i++;
        }

        return i;
    }

    /// <summary>What is taken from logits to make them log-probabilities: <c>log Σ exp</c>.</summary>
    public static double LogTotal(ReadOnlySpan<float> logits)
    {
        var max = Max(logits);
        if (float.IsNegativeInfinity(max))
        {
            return max;
        }

        var (i, all, sums) = (0, new Vector<float>(max), Vector<float>.Zero);
        for (; i + Vector<float>.Count <= logits.Length; i += Vector<float>.Count)
        {
            sums += Vector.Exp(new Vector<float>(logits[i..]) - all);
        }

        double sum = Vector.Sum(sums);
        for (; i < logits.Length; i++)
        {
            sum += Math.Exp(logits[i] - max);
        }

        return max + Math.Log(sum);
    }

    public static float Max(ReadOnlySpan<float> logits)
    {
        var (i, max) = (0, float.NegativeInfinity);
        if (logits.Length >= Vector<float>.Count)
        {
            var maxima = new Vector<float>(logits);
            for (i = Vector<float>.Count; i + Vector<float>.Count <= logits.Length; i += Vector<float>.Count)
            {
                maxima = Vector.Max(maxima, new Vector<float>(logits[i..]));
            }

            for (var lane = 0; lane < Vector<float>.Count; lane++)
            {
                max = MathF.Max(max, maxima[lane]);
            }
        }

        for (; i < logits.Length; i++)
        {
            max = MathF.Max(max, logits[i]);
        }

        return max;
    }
}
