using System.Globalization;

namespace Heirloom.Evaluation.Reports;

/// <summary>Maps values to pixels, with ticks at round numbers.</summary>
internal sealed record Axis(double Low, double High, bool Log, double From, double To)
{
    /// <summary>An axis that holds all the values with a little room; empty or single values get a unit of room.</summary>
    public static Axis Over(IEnumerable<double> values, bool log, double from, double to, bool zero = false)
    {
        var kept = values.Where(v => double.IsFinite(v) && (!log || v > 0)).Select(v => log ? Math.Log10(v) : v).ToList();
        var (low, high) = kept.Count == 0 ? (0.0, 1.0) : (kept.Min(), kept.Max());
        if (zero && !log)
        {
            (low, high) = (Math.Min(low, 0), Math.Max(high, 0));
        }

        var room = high > low ? (high - low) * 0.04 : Math.Max(Math.Abs(high) * 0.1, 0.5);
        return new(zero && low == 0 ? 0 : low - room, zero && high == 0 ? 0 : high + room, log, from, to);
    }

    public bool Holds(double value) => double.IsFinite(value) && (!Log || value > 0);

    public double At(double value) => From + (((Log ? Math.Log10(value) : value) - Low) / (High - Low) * (To - From));

    /// <summary>About <paramref name="wanted"/> round values inside the axis with their labels.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks(int wanted)
    {
        if (Log && High - Low >= 1)
        {
            var stride = Math.Max(1, (int)Math.Ceiling((High - Low) / wanted));
            var fine = High - Low < 2.5 ? [1.0, 2, 5] : new[] { 1.0 };
            return [.. Enumerable.Range((int)Math.Floor(Low), (int)Math.Ceiling(High) - (int)Math.Floor(Low) + 1).Where(e => e % stride == 0)
                .SelectMany(e => fine.Select(f => f * Math.Pow(10, e))).Where(v => Math.Log10(v) >= Low - 1e-9 && Math.Log10(v) <= High + 1e-9)
                .Select(v => (v, Label(v, v)))];
        }

        var (a, b) = Log ? (Math.Pow(10, Low), Math.Pow(10, High)) : (Low, High);
        var rough = (b - a) / Math.Max(1, wanted);
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        var ticks = new List<(double, string)>();
        for (var i = Math.Ceiling(a / step); i * step <= b + (step * 1e-9) && ticks.Count < 100; i++)
        {
            // adding zero turns a negative zero into a plain one
            ticks.Add(((i * step) + 0.0, Label((i * step) + 0.0, step)));
        }

        return ticks;
    }

    private static string Label(double value, double step)
    {
        var size = Math.Abs(value);
        if (size >= 1e15 || (size > 0 && size < 1e-4))
        {
            return value.ToString("0.##e0", CultureInfo.InvariantCulture);
        }

        var (scale, suffix) = size >= 1e9 ? (1e9, "G") : size >= 1e6 ? (1e6, "M") : size >= 1e4 ? (1e3, "k") : (1.0, "");
        var decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step / scale) - 1e-9), 0, 6);
        return (value / scale).ToString("F" + decimals, CultureInfo.InvariantCulture) + suffix;
    }
}
