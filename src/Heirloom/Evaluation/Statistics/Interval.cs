namespace Heirloom.Evaluation.Statistics;

/// <summary>An estimate with its uncertainty.</summary>
/// <param name="Estimate">The point estimate.</param>
/// <param name="Low">Lower end at <paramref name="Level"/>.</param>
/// <param name="High">Upper end at <paramref name="Level"/>.</param>
/// <param name="Level">Confidence, 0.95 for instance.</param>
/// <param name="PValue">Two-sided, against an effect of zero unless whoever made it says otherwise.</param>
public sealed record Interval(double Estimate, double Low, double High, double Level, double PValue)
{
    public bool ExcludesZero => Low > 0 || High < 0;

    /// <summary>The interval of the negated quantity.</summary>
    public Interval Negated() => new(-Estimate, -High, -Low, Level, PValue);

    /// <summary>Moved by a known amount; the p-value stays that of what was tested.</summary>
    public Interval Plus(double shift) => this with { Estimate = Estimate + shift, Low = Low + shift, High = High + shift };

    public override string ToString() => $"{Estimate:G4} [{Low:G4}, {High:G4}]";
}
