namespace Heirloom.Reuse.MergeMethods;

/// <summary>Of every task vector the elements of greatest magnitude, signs elected, the mean of those that have them.</summary>
/// <remarks>Yadav et al. 2023, "TIES-Merging: Resolving Interference When Merging Models".</remarks>
public sealed record Ties : TaskVectorMethod
{
    public Ties() => Normalize = true;

    protected override bool Consensus => true;

    protected override void Sparsify(Span<float> vector, MergeShare share, int rowLength, Seed seed) =>
        Pruning.Rescaled(vector, Rescale, left => MagnitudeSelection.Apply(left, (int)(((TaskShare)share).Density * left.Length), keep: true));
}
