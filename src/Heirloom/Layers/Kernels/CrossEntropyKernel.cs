using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Heirloom.Layers.Kernels;

/// <summary>Cross-entropy of rows of logits, and in the same pass its gradient in their place: a row stays in the processor's cache between the two.</summary>
internal static unsafe class CrossEntropyKernel
{
    /// <summary>What is computed of every row.</summary>
    /// <param name="Smoothing">Share ε of the target's probability that is spread evenly.</param>
    /// <param name="ZLoss">Weight of log² Z.</param>
    /// <param name="Scale">Factor on the gradient: one over the rows that count.</param>
    public readonly record struct Constants(double Smoothing, double ZLoss, double Scale);

    private const int RowsPerChunk = 16;

    /// <summary>Replaces logits by the gradient of (Σ losses) · scale.</summary>
    /// <param name="logits"><c>[N, V]</c></param>
    /// <param name="rows">N.</param>
    /// <param name="classes">V.</param>
    /// <param name="targets">N classes, or <paramref name="ignored"/>.</param>
    /// <param name="ignored">A row with this target has no loss and no gradient.</param>
    /// <param name="constants">The form of the loss.</param>
    /// <returns>The sums of the losses and of the weighted log² Z, not scaled.</returns>
    public static (double Loss, double ZLoss) Run<TLanes>(byte* logits, int rows, int classes, long* targets, long ignored, Constants constants)
        where TLanes : struct, ILanes
    {
        var (losses, zLosses) = (new double[rows], new double[rows]);
        var (from, wanted) = ((nint)logits, (nint)targets);
        Team.For((rows + RowsPerChunk - 1) / RowsPerChunk, chunk =>
        {
            var scratch = System.Buffers.ArrayPool<float>.Shared.Rent(classes);
            fixed (float* exps = scratch)
            {
                for (var row = chunk * RowsPerChunk; row < Math.Min(rows, (chunk + 1) * RowsPerChunk); row++)
                {
                    var target = ((long*)wanted)[row];
                    var at = (byte*)from + ((nint)row * classes * TLanes.Size);
                    if (target == ignored)
                    {
                        new Span<byte>(at, classes * TLanes.Size).Clear();
                    }
                    else
                    {
                        (losses[row], zLosses[row]) = Row<TLanes>(at, classes, (int)target, exps, constants);
                    }
                }
            }

            System.Buffers.ArrayPool<float>.Shared.Return(scratch);
        });
        return (losses.Sum(), zLosses.Sum());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Loss, double ZLoss) Row<TLanes>(byte* row, int classes, int target, float* exps, Constants constants)
        where TLanes : struct, ILanes
    {
        var whole = classes - (classes % Lanes.Count);
        var (largest, total) = Largest<TLanes>(row, classes, whole, constants.Smoothing > 0);
        var (top, sums) = (Vector512.Create(largest), Vector512<float>.Zero);
        for (var i = 0; i < whole; i += Lanes.Count)
        {
            var e = Lanes.Exp(TLanes.Load(row, i) - top);
            e.Store(exps + i);
            sums += e;
        }

        var sum = Vector512.Sum(sums);
        for (var i = whole; i < classes; i++)
        {
            sum += exps[i] = Lanes.Exp(TLanes.Get(row, i) - largest);
        }

        var normalizer = largest + Math.Log(sum);
        var loss = normalizer - ((1 - constants.Smoothing) * TLanes.Get(row, target)) - (constants.Smoothing * total / classes);
        var zLoss = constants.ZLoss * normalizer * normalizer;

        // d/dx: p (1 + 2 w log Z) − (1 − ε) [target] − ε / V
        var ofExp = (float)((1 + (2 * constants.ZLoss * normalizer)) * constants.Scale / sum);
        var even = (float)(-constants.Smoothing / classes * constants.Scale);
        var (factors, evens) = (Vector512.Create(ofExp), Vector512.Create(even));
        for (var i = 0; i < whole; i += Lanes.Count)
        {
            TLanes.Store(row, i, (Vector512.Load(exps + i) * factors) + evens);
        }

        for (var i = whole; i < classes; i++)
        {
            TLanes.Set(row, i, (exps[i] * ofExp) + even);
        }

        TLanes.Set(row, target, (float)((exps[target] * ofExp) + even - ((1 - constants.Smoothing) * constants.Scale)));
        return (loss, zLoss);
    }

    /// <summary>The largest logit, and the sum of all where it is wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Largest, double Total) Largest<TLanes>(byte* row, int classes, int whole, bool sum)
        where TLanes : struct, ILanes
    {
        var (largest, total) = (float.NegativeInfinity, 0.0);
        if (whole > 0)
        {
            var most = TLanes.Load(row, 0);
            for (var i = Lanes.Count; i < whole; i += Lanes.Count)
            {
                most = Vector512.MaxNative(most, TLanes.Load(row, i));
            }

            largest = Lanes.Largest(most);
        }

        for (var i = whole; i < classes; i++)
        {
            largest = MathF.Max(largest, TLanes.Get(row, i));
        }

        for (var i = 0; sum && i < classes; i++)
        {
            total += TLanes.Get(row, i);
        }

        return (largest, total);
    }
}
