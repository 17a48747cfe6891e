using System.Globalization;

namespace Heirloom.Bench;

/// <summary>One side of a comparison.</summary>
/// <param name="Name"><c>ours</c>, or whose it is.</param>
/// <param name="Turn">Does the work once and returns its speed.</param>
internal sealed record Side(string Name, Func<double> Turn);

/// <summary>Speeds of several sides at the same work.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Unit">Of the speeds; more is better.</param>
/// <param name="Speeds">By side, a value for each round.</param>
internal sealed record Comparison(string Name, string Unit, IReadOnlyDictionary<string, double[]> Speeds)
{
    public const string Ours = "ours";

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

    /// <summary>Median, least and greatest of ours over another's, round by round.</summary>
    public (double Median, double Low, double High) Ratio(string other)
    {
        var ratios = Speeds[Ours].Zip(Speeds[other], (ours, theirs) => ours / theirs).Order().ToArray();
        return (ratios[ratios.Length / 2], ratios[0], ratios[^1]);
    }

    public override string ToString() => string.Join(Environment.NewLine, Speeds.Select(s =>
    {
        var sorted = s.Value.Order().ToArray();
        var ratio = s.Key == Ours ? "" : string.Create(CultureInfo.InvariantCulture, $"   ours is {Ratio(s.Key).Median:0.00} times as fast [{Ratio(s.Key).Low:0.00}, {Ratio(s.Key).High:0.00}]");
        return string.Create(CultureInfo.InvariantCulture, $"{Name,-34} {s.Key,-22} {sorted[sorted.Length / 2],10:0.00} {Unit}{ratio}");
    }));
}
