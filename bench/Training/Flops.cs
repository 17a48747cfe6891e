namespace Heirloom.Bench.Training;

/// <summary>Floating-point operations of matrix products in a training step, counted as the literature does (Kaplan et al. 2020, §2.1; backward is twice forward).</summary>
internal static class Flops
{
    private const double Passes = 3, PerWeight = 2;

    /// <summary>A position's in a block: query, key, value and output, and a feed-forward four times as wide.</summary>
    public static double Block(double width) => Passes * PerWeight * 12 * width * width;

    /// <summary>A query's, of scores and mixing, over so many keys, seen or not.</summary>
    public static double Attention(double width, double keys) => Passes * PerWeight * 2 * width * keys;

    /// <summary>A vector's through a matrix.</summary>
    public static double Matrix(double inputs, double outputs) => Passes * PerWeight * inputs * outputs;
}
