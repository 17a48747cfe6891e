namespace Heirloom.Reuse.MergeMethods;

/// <summary>base + λ Σ wᵢ (θᵢ − base).</summary>
/// <remarks>Ilharco et al. 2023, "Editing Models with Task Arithmetic".</remarks>
public sealed record TaskArithmetic : TaskVectorMethod
{
    public override int Scratch(int models) => 0;

    public override void Merge(MergeInput input, Span<float> result)
    {
        var weights = input.Models.Select(m => m.Weight).ToArray();
        var divisor = Normalize && Math.Abs(weights.Sum()) >= 1e-8 ? weights.Sum() : 1;
        MergeMath.Combine(input, [.. weights.Select(w => Lambda * w / divisor)], 0, input.Length, result);
    }

    protected override void Sparsify(Span<float> vector, MergeShare share, int rowLength, Seed seed)
    {
    }
}
