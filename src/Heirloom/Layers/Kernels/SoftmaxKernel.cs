using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Heirloom.Layers.Kernels;

/// <summary>What is added to attention scores: an address with strides, in numbers, over sequences, heads and queries; keys lie together.</summary>
internal readonly record struct ScoreBias(nint Address, long Row, long Head, long Query);

/// <summary>The form of a softmax over attention scores.</summary>
/// <param name="Heads">H: row r of the scores belongs to query r mod T of head (r / T) mod H of sequence r / T / H.</param>
/// <param name="Queries">T.</param>
/// <param name="Keys">S.</param>
/// <param name="Scale">Factor on the scores.</param>
/// <param name="Causal">Whether query t sees keys 0 … t alone.</param>
/// <param name="Bias">Added after scaling; an address of 0 for none.</param>
/// <param name="Mask">Drops weights.</param>
internal readonly record struct SoftmaxForm(long Heads, int Queries, int Keys, float Scale, bool Causal, ScoreBias Bias, DropoutMask Mask)
{
    /// <summary>Keys that a row sees.</summary>
    public int Seen(long row) => Causal ? (int)(row % Queries) + 1 : Keys;
}

/// <summary>The part of attention between its matrix products, in one pass over the scores each way.</summary>
internal static unsafe class SoftmaxKernel
{
    private const int NumbersPerChunk = 1 << 14;

    /// <summary>Replaces scores <c>[B·H·T, S]</c> by weights.</summary>
    public static void Forward(byte* scores, long rows, SoftmaxForm form)
    {
        var at = (nint)scores;
        ForRows(rows, form.Keys, row => ForwardRow((byte*)at + (row * form.Keys * sizeof(ushort)), row, form));
    }

    /// <summary>Weights with dropout, out of place.</summary>
    public static void Drop(byte* weights, byte* dropped, long rows, SoftmaxForm form)
    {
        var (from, to) = ((nint)weights, (nint)dropped);
        ForRows(rows, form.Keys, row => DropRow((byte*)from + (row * form.Keys * sizeof(ushort)), (byte*)to + (row * form.Keys * sizeof(ushort)), row, form));
    }

    /// <summary>Replaces the gradient by weights (after dropout) by that by scores: w ∘ (g − Σ w ∘ g), scaled.</summary>
    public static void Backward(byte* weights, byte* gradient, long rows, SoftmaxForm form)
    {
        var (w, g) = ((nint)weights, (nint)gradient);
        ForRows(rows, form.Keys, row => BackwardRow((byte*)w + (row * form.Keys * sizeof(ushort)), (byte*)g + (row * form.Keys * sizeof(ushort)), row, form));
    }

    private static void ForRows(long rows, int keys, Action<long> body)
    {
        var some = Math.Max(1, NumbersPerChunk / keys);
        Team.For((int)((rows + some - 1) / some), chunk =>
        {
            for (var row = (long)chunk * some; row < Math.Min(rows, ((long)chunk + 1) * some); row++)
            {
                body(row);
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardRow(byte* row, long index, in SoftmaxForm form)
    {
        var seen = form.Seen(index);
        var exps = stackalloc float[(seen + Lanes.Count - 1) / Lanes.Count * Lanes.Count];
        var largest = Scores(row, index, seen, exps, form);
        var whole = (seen + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
        var (top, sums) = (Vector512.Create(largest), Vector512<float>.Zero);
        for (var i = 0; i < whole; i += Lanes.Count)
        {
            var e = Lanes.Exp(Vector512.Load(exps + i) - top);
            e.Store(exps + i);
            sums += e;
        }

        var factor = Vector512.Create(1 / Vector512.Sum(sums));
        var at = 0;
        for (; at <= seen - Lanes.Count; at += Lanes.Count)
        {
            BFloat16Lanes.Store(row, at, Vector512.Load(exps + at) * factor);
        }

        for (; at < seen; at++)
        {
            BFloat16Lanes.Set(row, at, exps[at] * factor[0]);
        }

        new Span<byte>(row + (seen * sizeof(ushort)), (form.Keys - seen) * sizeof(ushort)).Clear();
    }

    /// <summary>Scaled and biased scores of the keys that are seen, padded with −∞ to whole vectors; returns the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Scores(byte* row, long index, int seen, float* scores, in SoftmaxForm form)
    {
        var bias = form.Bias.Address == 0 ? null : (byte*)form.Bias.Address + (sizeof(ushort) * (
            (index / form.Queries / form.Heads * form.Bias.Row) + (index / form.Queries % form.Heads * form.Bias.Head) + (index % form.Queries * form.Bias.Query)));
        var scale = Vector512.Create(form.Scale);
        var most = Vector512.Create(float.NegativeInfinity);
        var i = 0;
        for (; i <= seen - Lanes.Count; i += Lanes.Count)
        {
            var score = BFloat16Lanes.Load(row, i) * scale;
            score = bias is null ? score : score + BFloat16Lanes.Load(bias, i);
            score.Store(scores + i);
            most = Vector512.MaxNative(most, score);
        }

        var largest = Lanes.Largest(most);
        for (; i < seen; i++)
        {
            scores[i] = (BFloat16Lanes.Get(row, i) * form.Scale) + (bias is null ? 0 : BFloat16Lanes.Get(bias, i));
            largest = MathF.Max(largest, scores[i]);
        }

        for (; i % Lanes.Count != 0; i++)
        {
            scores[i] = float.NegativeInfinity;
        }

        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DropRow(byte* from, byte* to, long index, in SoftmaxForm form)
    {
        var seen = form.Seen(index);
        var factors = stackalloc float[Philox.Block];
        for (var start = 0; start < seen; start += Philox.Block)
        {
            form.Mask.Factors(Block(index, start, form), factors);
            var here = Math.Min(Philox.Block, seen - start);
            var i = 0;
            for (; i <= here - Lanes.Count; i += Lanes.Count)
            {
                BFloat16Lanes.Store(to, start + i, BFloat16Lanes.Load(from, start + i) * Vector512.Load(factors + i));
            }

            for (; i < here; i++)
            {
                BFloat16Lanes.Set(to, start + i, BFloat16Lanes.Get(from, start + i) * factors[i]);
            }
        }

        new Span<byte>(to + (seen * sizeof(ushort)), (form.Keys - seen) * sizeof(ushort)).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRow(byte* weights, byte* gradient, long index, in SoftmaxForm form)
    {
        var seen = form.Seen(index);
        if (!form.Mask.IsEmpty)
        {
            DropRow(gradient, gradient, index, form);
        }

        var sums = Vector512<float>.Zero;
        var i = 0;
        for (; i <= seen - Lanes.Count; i += Lanes.Count)
        {
            sums += BFloat16Lanes.Load(weights, i) * BFloat16Lanes.Load(gradient, i);
        }

        var sum = Vector512.Sum(sums);
        for (; i < seen; i++)
        {
            sum += BFloat16Lanes.Get(weights, i) * BFloat16Lanes.Get(gradient, i);
        }

        var (mean, scale) = (Vector512.Create(sum), Vector512.Create(form.Scale));
        for (i = 0; i <= seen - Lanes.Count; i += Lanes.Count)
        {
            BFloat16Lanes.Store(gradient, i, BFloat16Lanes.Load(weights, i) * (BFloat16Lanes.Load(gradient, i) - mean) * scale);
        }

        for (; i < seen; i++)
        {
            BFloat16Lanes.Set(gradient, i, BFloat16Lanes.Get(weights, i) * (BFloat16Lanes.Get(gradient, i) - sum) * form.Scale);
        }

        new Span<byte>(gradient + (seen * sizeof(ushort)), (form.Keys - seen) * sizeof(ushort)).Clear();
    }

    private static ulong Block(long row, int start, in SoftmaxForm form) =>
        ((ulong)row * (ulong)((form.Keys + Philox.Block - 1) / Philox.Block)) + (ulong)(start / Philox.Block);
}
