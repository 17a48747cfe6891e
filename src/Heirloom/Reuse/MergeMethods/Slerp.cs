namespace Heirloom.Reuse.MergeMethods;

/// <summary>
/// Along the arc between the base and one other model: sin((1−t)Ω)/sin Ω · θ₀ + sin(tΩ)/sin Ω · θ₁, where Ω is the angle between the two as vectors; along the
/// line where they are nearly collinear.
/// </summary>
/// <remarks>Shoemake 1985.</remarks>
public sealed record Slerp : MergeMethod, IExample<Slerp>
{
    /// <summary>Cosine beyond which the arc is taken for a line, as mergekit has it.</summary>
    private const double Collinear = 0.9995;

    public static Slerp Example => new() { T = 0.5 };

    public override MergeNeeds Needs { get; } = new(1, 1, MergeBase.Required);

    /// <summary>0 is the base, 1 the other.</summary>
    public required double T { get; init; }

    public override void Merge(MergeInput input, Span<float> result)
    {
        var zero = input.BaseValues;
        var one = input.Models[0].Values.Span;
        var (normZero, normOne) = (Math.Sqrt(MergeMath.Dot(zero, zero)), Math.Sqrt(MergeMath.Dot(one, one)));
        var cosine = normZero * normOne == 0 ? 0 : MergeMath.Dot(zero, one) / (normZero * normOne);
        var (ofZero, ofOne) = Weights(cosine, T, Collinear);
        var two = new MergeInput { Name = input.Name, Shape = input.Shape, Models = [new(input.Base, input.Models[0].Share), input.Models[0]] };
        MergeMath.Combine(two, [ofZero, ofOne], 0, input.Length, result);
    }

    /// <summary>The two coefficients for an angle's cosine.</summary>
    internal static (double OfZero, double OfOne) Weights(double cosine, double t, double collinear)
    {
        if (Math.Abs(cosine) > collinear)
        {
            return (1 - t, t);
        }

        var angle = Math.Acos(cosine);
        return (Math.Sin((1 - t) * angle) / Math.Sin(angle), Math.Sin(t * angle) / Math.Sin(angle));
    }
}
