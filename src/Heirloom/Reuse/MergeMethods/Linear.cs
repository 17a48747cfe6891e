namespace Heirloom.Reuse.MergeMethods;

/// <summary>The weighted mean Σ wᵢ θᵢ ÷ Σ wᵢ; equal weights make a uniform soup.</summary>
/// <remarks>Wortsman et al. 2022, "Model soups".</remarks>
public sealed record Linear : MergeMethod
{
    public override MergeNeeds Needs { get; } = new(1, int.MaxValue, MergeBase.None);

    public override Type ShareType => typeof(WeightShare);

    /// <summary>Whether to divide by the sum of the weights.</summary>
    public bool Normalize { get; init; } = true;

    public override void Merge(MergeInput input, Span<float> result)
    {
        var weights = input.Models.Select(m => m.Weight).ToArray();
        var sum = Normalize ? weights.Sum() : 1;
        MergeMath.Combine(input, [.. weights.Select(w => w / sum)], 0, input.Length, result);
    }
}
