namespace Heirloom.Reuse.MergeMethods;

/// <summary>Of every task vector a random part, scaled up by what was dropped; then their sum.</summary>
/// <remarks>Yu et al. 2024, "Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch".</remarks>
public sealed record DareLinear : TaskVectorMethod
{
    public DareLinear() => Rescale = true;

    protected override void Sparsify(Span<float> vector, MergeShare share, int rowLength, Seed seed) =>
        Pruning.Drop(vector, ((TaskShare)share).Density, Rescale, seed);
}
