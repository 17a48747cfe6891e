using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>How a model knows where a token stands.</summary>
public abstract record PositionsConfig : Kinded
{
    /// <summary>Builds it for a model of the given shape.</summary>
    public abstract Positions Build(PositionsShape shape);
}

/// <summary>What positions need to know of their model.</summary>
/// <param name="Width">Width of the residual stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="HeadWidth">Width of a head.</param>
/// <param name="ContextLength">Longest sequence.</param>
/// <param name="Causal">Whether only earlier positions are seen.</param>
public sealed record PositionsShape(int Width, int Heads, int HeadWidth, int ContextLength, bool Causal);

/// <summary>Positions act in one of three places, and leave the others alone: on the embedding, on queries and keys, on the scores.</summary>
public abstract class Positions(string name) : nn.Module(name)
{
    /// <summary>Whether <see cref="Embed"/> depends on absolute positions, so that segments and padding must restart them.</summary>
    public virtual bool Absolute => false;

    /// <summary>Positions that come before the first: those of a prefix that attention sees and the sequence does not hold.</summary>
    public int Shift { get; set; }

    /// <summary>The position of each token where rows or segments differ; null where every row counts 0, 1, 2, ….</summary>
    /// <param name="ids"><c>[B, T]</c> int64</param>
    /// <param name="segments"><c>[B, T]</c> int64, equal within a run of one document.</param>
    /// <param name="mask"><c>[B, T]</c> bool, true on real tokens.</param>
    public virtual Tensor? Count(Tensor ids, Tensor? segments, Tensor? mask) => Absolute ? Restarted(segments, mask) : null;

    /// <summary>Adds to the embedding.</summary>
    /// <param name="hidden"><c>[B, T, D]</c></param>
    /// <param name="start">Position of the first column.</param>
    /// <param name="positions"><c>[B, T]</c> int64 where rows differ, else null.</param>
    public virtual Tensor Embed(Tensor hidden, long start, Tensor? positions) => hidden;

    /// <summary>The rotation of queries and keys at positions <paramref name="start"/> … <c>start + length − 1</c>.</summary>
    public virtual Rotation? Rotate(long start, long length, Tensor like) => null;

    /// <summary>What is added to the scores of the last <paramref name="queries"/> of <paramref name="keys"/> positions: <c>[1, H, T, S]</c>.</summary>
    public virtual Tensor? Bias(long queries, long keys, Device device) => null;

    /// <summary>Positions that restart with each segment (or, without segments, at each row's first real token); null where every row counts 0, 1, 2, ….</summary>
    /// <param name="segments"><c>[B, T]</c> int64, equal within a run of one document.</param>
    /// <param name="mask"><c>[B, T]</c> bool, true on real tokens.</param>
    public static Tensor? Restarted(Tensor? segments, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        if (segments is not null)
        {
            var length = segments.shape[1];
            var index = arange(length, device: segments.device).unsqueeze(0);
            var changed = segments.narrow(1, 1, length - 1).ne(segments.narrow(1, 0, length - 1));
            var starts = nn.functional.pad(changed.to(ScalarType.Int64), [1, 0]).mul(index).cummax(1).values;
            return index.sub(starts).MoveToOuterDisposeScope();
        }

        // counted on over padding at the right, as published models count, and from 0 again where padding at the left ends
        return mask is null ? null
            : arange(mask.shape[1], device: mask.device).unsqueeze(0).sub(mask.to(ScalarType.Int64).argmax(1, keepdim: true)).clamp_min(KeptScalar.Zero).MoveToOuterDisposeScope();
    }
}

/// <summary>No notion of order but what causality gives.</summary>
[Kind("none")]
public sealed record NoPositionsConfig : PositionsConfig
{
    public override Positions Build(PositionsShape shape) => new NoPositions();
}

internal sealed class NoPositions() : Positions(nameof(NoPositions));
