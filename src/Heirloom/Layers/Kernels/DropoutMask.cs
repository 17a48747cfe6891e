using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Heirloom.Layers.Kernels;

/// <summary>Which of a row's numbers are dropped, and the factor on those that stay.</summary>
internal readonly struct DropoutMask
{
    private const int Values = 1 << 16;
    private readonly Philox _random;
    private readonly Vector512<uint> _least;
    private readonly float _kept;

    /// <param name="rate">Dropped share, to the nearest 65,536th.</param>
    /// <param name="random">One stream for each use.</param>
    public DropoutMask(double rate, Philox random)
    {
        var dropped = (uint)Math.Round(rate * Values);
        (_random, _least, _kept) = (random, Vector512.Create(dropped), (float)(Values / (double)(Values - dropped)));
    }

    /// <summary>Whether anything is dropped.</summary>
    public bool IsEmpty => _least[0] == 0;

    /// <summary>The factors (0 or 1/(1 − rate)) of eight vectors of sixteen, from one block of random numbers.</summary>
    /// <param name="block">Which: all rows of a use count on.</param>
    /// <param name="factors">Receives 128 numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Factors(ulong block, float* factors)
    {
        _random.Next(block, out var a, out var b, out var c, out var d);
        Pair(a, factors);
        Pair(b, factors + 32);
        Pair(c, factors + 64);
        Pair(d, factors + 96);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe void Pair(Vector512<uint> words, float* to)
    {
        var kept = Vector512.Create(_kept);
        (Vector512.GreaterThanOrEqual(words & Vector512.Create(0xFFFFu), _least).AsSingle() & kept).Store(to);
        (Vector512.GreaterThanOrEqual(Vector512.ShiftRightLogical(words, 16), _least).AsSingle() & kept).Store(to + Lanes.Count);
    }
}
