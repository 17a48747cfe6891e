namespace Heirloom.Evaluation.Compute;

/// <summary>Compute.</summary>
/// <param name="Flops">Floating-point operations (<see cref="TrainingFlops"/>).</param>
/// <param name="Seconds">Wall time.</param>
public readonly record struct Spent(double Flops, double Seconds)
{
    public static Spent operator +(Spent a, Spent b) => new(a.Flops + b.Flops, a.Seconds + b.Seconds);

    public static Spent Add(Spent left, Spent right) => left + right;
}
