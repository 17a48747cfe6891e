using System.Globalization;

namespace Heirloom.Bench;

/// <summary>One side of a comparison.</summary>
/// <param name="Name"><see cref="Comparison.Ours"/>, <see cref="Comparison.Stock"/>, or whose it is.</param>
/// <param name="Turn">Does the work once and returns its speed.</param>
internal sealed record Side(string Name, Func<double> Turn);

/// <summary>Speeds of several sides at the same work.</summary>
/// <param name="Name">What was done; a job's first comparison has the job's name.</param>
/// <param name="Unit">Of the speeds; more is better.</param>
/// <param name="Speeds">By side, a value for each round.</param>
internal sealed record Comparison(string Name, string Unit, IReadOnlyDictionary<string, double[]> Speeds)
{
    /// <summary>This library.</summary>
    public const string Ours = "ours";

    /// <summary>The straightforward code, kept here as the yardstick.</summary>
    public const string Stock = "stock";

    /// <summary>The speed at which the machine's peak (matrix products, memory or disk, whichever bounds the work) would do it; null where there is no such bound.</summary>
    public double? Peak { get; init; }

    /// <summary>Lets the sides take turns, so that whatever else the machine does meets all of them.</summary>
    public static Comparison Of(string name, string unit, int rounds, params IReadOnlyList<Side> sides)
    {
        var speeds = sides.ToDictionary(s => s.Name, _ => new double[rounds - 1]);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var side in sides)
            {
                var speed = side.Turn();
                if (round > 0)
                {
                    speeds[side.Name][round - 1] = speed;
                }
            }
        }

        return new(name, unit, speeds);
    }

    /// <summary>A side's median speed.</summary>
    public double Median(string side) => Middle([.. Speeds[side].Order()]);

    /// <summary>Median, least and greatest of ours over another's, round by round.</summary>
    public (double Median, double Low, double High) Ratio(string other)
    {
        var ratios = Speeds[Ours].Zip(Speeds[other], (ours, theirs) => ours / theirs).Order().ToArray();
        return (Middle(ratios), ratios[0], ratios[^1]);
    }

    public override string ToString() => string.Join(Environment.NewLine, Speeds.Select(s =>
    {
        var told = s.Key != Ours ? string.Create(CultureInfo.InvariantCulture, $"   ours is {Ratio(s.Key).Median:0.00} times as fast [{Ratio(s.Key).Low:0.00}, {Ratio(s.Key).High:0.00}]")
            : Peak is { } peak ? string.Create(CultureInfo.InvariantCulture, $"   {Median(Ours) / peak:0%} of the machine's peak")
            : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Name,-22} {s.Key,-16} {Median(s.Key),12:#,0.##} {Unit}{told}");
    }));

    private static double Middle(double[] sorted) => sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
}
