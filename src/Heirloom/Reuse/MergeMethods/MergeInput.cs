using System.Buffers;
using System.Collections.Immutable;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>One tensor as each of the models has it.</summary>
public sealed class MergeInput
{
    /// <summary>Its name in the result; what is drawn depends on it.</summary>
    public required string Name { get; init; }

    /// <summary>Sizes, the same in all models.</summary>
    public required ImmutableArray<long> Shape { get; init; }

    /// <summary>The models' versions, in the order of the recipe, without the base's.</summary>
    public required IReadOnlyList<MergeVersion> Models { get; init; }

    /// <summary>The version of the model that they were made from; empty where there is none.</summary>
    public ReadOnlyMemory<float> Base { get; init; }

    /// <summary>Source of whatever is drawn.</summary>
    public Seed Seed { get; init; }

    /// <summary>Where working memory comes from.</summary>
    public Func<int, IMemoryOwner<float>> Rent { get; init; } = MemoryPool<float>.Shared.Rent;

    /// <summary>Elements.</summary>
    public int Length => Models.Count > 0 ? Models[0].Values.Length : Base.Length;

    /// <summary>The base's values.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    internal ReadOnlySpan<float> BaseValues => Base.Length == Length ? Base.Span : throw new InvalidOperationException("this method needs a base");

    /// <summary>Elements that belong to one output: the whole of a vector, a row of a matrix.</summary>
    internal int RowLength => Shape.Length < 2 ? Math.Max(Length, 1) : (int)(Length / Math.Max(Shape[0], 1));
}

/// <summary>One model's version of a tensor.</summary>
/// <param name="Values">Row by row.</param>
/// <param name="Share">What the recipe says of this model, of the method's <see cref="MergeMethod.ShareType"/>.</param>
/// <param name="Statistics">What calibration data say of it, where the method asks for that.</param>
public sealed record MergeVersion(ReadOnlyMemory<float> Values, MergeShare Share, ReadOnlyMemory<float> Statistics = default)
{
    internal double Weight => ((WeightShare)Share).Weight;
}
