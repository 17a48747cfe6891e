using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heirloom.Layers.Kernels;

/// <summary>
/// Random numbers addressed by place, so that any thread can make any of them, and a backward pass those of its forward pass again: Philox 4×32 with seven rounds
/// (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", §4.3; seven pass all of its statistical tests).
/// </summary>
/// <param name="Key">Of the stream of streams.</param>
/// <param name="Stream">Which one: one for each use.</param>
internal readonly record struct Philox(ulong Key, ulong Stream)
{
    /// <summary>Numbers of 16 bits that one call makes: 2 in each of 4 words of 16 lanes.</summary>
    public const int Block = 128;

    private const int Rounds = 7;
    private const uint MultiplierA = 0xD2511F53, MultiplierB = 0xCD9E8D57, WeylA = 0x9E3779B9, WeylB = 0xBB67AE85;

    /// <summary>A block as four vectors of words: lane l holds the words of counter 16 · <paramref name="block"/> + l.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next(ulong block, out Vector512<uint> x0, out Vector512<uint> x1, out Vector512<uint> x2, out Vector512<uint> x3)
    {
        x0 = Vector512.Create((uint)(block * Lanes.Count)) + Vector512<uint>.Indices;
        x1 = Vector512.Create((uint)((block * Lanes.Count) >> 32));
        x2 = Vector512.Create((uint)Stream);
        x3 = Vector512.Create((uint)(Stream >> 32));
        var (key0, key1) = ((uint)Key, (uint)(Key >> 32));
        for (var round = 0; round < Rounds; round++)
        {
            Multiply(x0, MultiplierA, out var low0, out var high0);
            Multiply(x2, MultiplierB, out var low1, out var high1);
            (x0, x1, x2, x3) = (high1 ^ x1 ^ Vector512.Create(key0), low1, high0 ^ x3 ^ Vector512.Create(key1), low0);
            (key0, key1) = (key0 + WeylA, key1 + WeylB);
        }
    }

    /// <summary>Low and high halves of the 64-bit products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(Vector512<uint> x, uint factor, out Vector512<uint> low, out Vector512<uint> high)
    {
        var factors = Vector512.Create(factor);
        var even = Avx512F.Multiply(x, factors);
        var odd = Avx512F.Multiply(Vector512.ShiftRightLogical(x.AsUInt64(), 32).AsUInt32(), factors);
        low = x * factors;
        high = Vector512.ConditionalSelect(
            Vector512.Create(0xFFFFFFFF00000000ul), odd, Vector512.ShiftRightLogical(even, 32)).AsUInt32();
    }
}
