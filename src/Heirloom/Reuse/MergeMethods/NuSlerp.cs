namespace Heirloom.Reuse.MergeMethods;

/// <summary>
/// Spherical interpolation of two models by weights (t = w₂ ÷ (w₁ + w₂)), of their task vectors where a base is named; of whole tensors, or of their rows or
/// columns one by one.
/// </summary>
/// <remarks>As mergekit defines it (Goddard et al. 2024).</remarks>
[Kind("nuslerp")]
public sealed record NuSlerp : MergeMethod
{
    private const double Collinear = 1e-8;

    public override MergeNeeds Needs { get; } = new(2, 2, MergeBase.Optional);

    public override Type ShareType => typeof(WeightShare);

    /// <summary>Whether a tensor is one vector.</summary>
    public bool NuslerpFlatten { get; init; } = true;

    /// <summary>Where it is not: whether its vectors run along the first dimension instead of the last.</summary>
    public bool NuslerpRowWise { get; init; }

    public override int Scratch(int models) => NuslerpFlatten || !NuslerpRowWise ? 0 : 4;

    public override void Merge(MergeInput input, Span<float> result)
    {
        var sum = input.Models[0].Weight + input.Models[1].Weight;
        var t = Math.Abs(sum) < 1e-6 ? 0.5 : input.Models[1].Weight / sum;
        if (!NuslerpFlatten && NuslerpRowWise && input.Shape.Length > 1)
        {
            Transposed(input, t, result);
            return;
        }

        Along(input, t, Math.Max(NuslerpFlatten || input.Shape.Length == 0 ? input.Length : (int)input.Shape[^1], 1), result);
    }

    private static void Along(MergeInput input, double t, int length, Span<float> result)
    {
        for (var from = 0; from < input.Length; from += length)
        {
            var gram = MergeMath.Gram(input, from, length);
            var norms = Math.Sqrt(gram[0, 0] * gram[1, 1]);
            var cosine = norms == 0 ? 0 : Math.Clamp(gram[0, 1] / norms, -1, 1);
            var (first, second) = Math.Abs(Math.Sin(Math.Acos(cosine))) < Collinear ? (1 - t, t) : Slerp.Weights(cosine, t, collinear: 1);
            MergeMath.Combine(input, [first, second], from, length, result);
        }
    }

    /// <summary>Vectors along the first dimension: what they are in the transposed tensor's last.</summary>
    private static void Transposed(MergeInput input, double t, Span<float> result)
    {
        var rows = (int)input.Shape[0];
        var columns = input.Length / Math.Max(rows, 1);
        using var first = input.Rent(input.Length);
        using var second = input.Rent(input.Length);
        using var origin = input.Rent(input.Length);
        using var merged = input.Rent(input.Length);
        Transpose(input.Models[0].Values.Span, rows, columns, first.Memory.Span);
        Transpose(input.Models[1].Values.Span, rows, columns, second.Memory.Span);
        if (!input.Base.IsEmpty)
        {
            Transpose(input.Base.Span, rows, columns, origin.Memory.Span);
        }

        var turned = new MergeInput
        {
            Name = input.Name,
            Shape = [columns, rows],
            Models = [new(first.Memory[..input.Length], input.Models[0].Share), new(second.Memory[..input.Length], input.Models[1].Share)],
            Base = input.Base.IsEmpty ? default : (ReadOnlyMemory<float>)origin.Memory[..input.Length],
        };
        Along(turned, t, rows, merged.Memory.Span[..input.Length]);
        Transpose(merged.Memory.Span, columns, rows, result);
    }

    private static void Transpose(ReadOnlySpan<float> from, int rows, int columns, Span<float> to)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                to[(column * rows) + row] = from[(row * columns) + column];
            }
        }
    }
}
