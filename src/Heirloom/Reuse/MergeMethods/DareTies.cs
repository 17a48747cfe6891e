namespace Heirloom.Reuse.MergeMethods;

/// <summary>Of every task vector a random part, scaled up by what was dropped; signs elected, the sum of those that have them.</summary>
/// <remarks>Yu et al. 2024, "Language Models are Super Mario"; Yadav et al. 2023, "TIES-Merging".</remarks>
public sealed record DareTies : TaskVectorMethod
{
    public DareTies() => Rescale = true;

    protected override bool Consensus => true;

    protected override void Sparsify(Span<float> vector, MergeShare share, int rowLength, Seed seed) =>
        Pruning.Drop(vector, ((TaskShare)share).Density, Rescale, seed);
}
