using System.Numerics.Tensors;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>One model's tensor as it is, or scaled: for models that are stacked out of layers of others.</summary>
public sealed record Passthrough : MergeMethod
{
    public override MergeNeeds Needs { get; } = new(1, 1, MergeBase.None);

    public override Type ShareType => typeof(ScaleShare);

    public override void Merge(MergeInput input, Span<float> result) =>
        TensorPrimitives.Multiply(input.Models[0].Values.Span, (float)(((ScaleShare)input.Models[0].Share).Scale ?? 1), result);
}

/// <summary>What to multiply a model's tensor by.</summary>
public sealed record ScaleShare : MergeShare
{
    /// <summary>Null for the tensor as it is stored, byte by byte.</summary>
    public double? Scale { get; init; }
}
