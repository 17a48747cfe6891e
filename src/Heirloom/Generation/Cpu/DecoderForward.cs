using System.Runtime.Intrinsics;

namespace Heirloom.Generation.Cpu;

/// <summary>Reads tokens with a decoder's weights and rows' caches, and gives the logits after them.</summary>
internal abstract unsafe class DecoderForward(DecoderWeights weights) : IDisposable
{
    /// <summary>Tokens of one forward at most: so many that weights are read seldom, so few that their vectors stay in the caches.</summary>
    public const int Tokens = 64;

    /// <summary>They stay the caller's.</summary>
    public DecoderWeights Weights { get; } = weights;

    /// <summary>That of the widest vectors for which the processor is fast.</summary>
    /// <param name="weights">Stay the caller's.</param>
    /// <param name="capacity">Positions of a row at most.</param>
    /// <param name="threads">At least 1.</param>
    public static DecoderForward Best(DecoderWeights weights, int capacity, int threads) =>
        Vector512.IsHardwareAccelerated ? new DecoderForward<Simd512, Vector512<float>>(weights, capacity, threads)
        : Vector256.IsHardwareAccelerated ? new DecoderForward<Simd256, Vector256<float>>(weights, capacity, threads)
        : new DecoderForward<Simd128, Vector128<float>>(weights, capacity, threads);

    /// <summary>Reads the runs' tokens, writes their keys and values, and counts them to their rows.</summary>
    /// <param name="runs">Together at most <see cref="Tokens"/> tokens; those with a result have consecutive ones.</param>
    /// <param name="ids">The tokens, run after run.</param>
    /// <param name="logits"><c>[results, V]</c></param>
    public abstract void Read(ReadOnlySpan<TokenRun> runs, ReadOnlySpan<int> ids, float* logits);

    public abstract void Dispose();
}
