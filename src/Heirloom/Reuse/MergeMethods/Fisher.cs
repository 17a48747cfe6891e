using System.ComponentModel.DataAnnotations;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>The mean of the versions element by element, each weighted by how sure its model is of that element: Σ wᵢ Fᵢ θᵢ ÷ Σ wᵢ Fᵢ with the diagonals Fᵢ of the Fisher information.</summary>
/// <remarks>Matena and Raffel 2022, "Merging Models with Fisher-Weighted Averaging", equation 5. A version's statistics are Fᵢ, one number for each element.</remarks>
public sealed record Fisher : MergeMethod
{
    public const string Diagonal = "fisher";

    public override MergeNeeds Needs { get; } = new(2, int.MaxValue, MergeBase.None);

    public override Type ShareType => typeof(WeightShare);

    public override string? Statistics => Diagonal;

    /// <summary>The least information that an element counts with: where no model knows anything of it, the versions are averaged by their weights.</summary>
    [Range(0.0, 1, MinimumIsExclusive = true)]
    public double Floor { get; init; } = 1e-6;

    public override void Merge(MergeInput input, Span<float> result)
    {
        for (var i = 0; i < result.Length; i++)
        {
            var (sum, total) = (0.0, 0.0);
            foreach (var model in input.Models)
            {
                var weight = model.Weight * Math.Max(model.Statistics.IsEmpty ? 0 : model.Statistics.Span[i], Floor);
                sum += weight * model.Values.Span[i];
                total += weight;
            }

            result[i] = (float)(sum / total);
        }
    }
}
