namespace Heirloom.Generation.Cpu;

/// <summary>A query: which keys it sees, what is added to its scores, and where its result goes.</summary>
/// <param name="first">The first key that it sees.</param>
/// <param name="end">The key after the last.</param>
/// <param name="bias">Added to the score of key i: <c>bias[i]</c>; null for nothing.</param>
/// <param name="result"><c>[width]</c></param>
internal readonly unsafe struct AttentionQuery(int first, int end, float* bias, float* result)
{
    /// <summary>So many go through a kernel together.</summary>
    public const int AtOnce = 4;

    public int First { get; } = first;

    public int End { get; } = end;

    public float* Bias { get; } = bias;

    public float* Result { get; } = result;
}
