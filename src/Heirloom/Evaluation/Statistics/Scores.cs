namespace Heirloom.Evaluation.Statistics;

/// <summary>What one arm scored: a row for each seed, a column for each test example (one column when only a seed's average is known).</summary>
public sealed class ScoreMatrix
{
    private readonly double[][] _rows;

    /// <param name="rows">Seeds × examples, every row of the same length.</param>
    /// <exception cref="ArgumentException">No seeds, no examples, or ragged rows.</exception>
    public ScoreMatrix(IReadOnlyList<double[]> rows)
    {
        if (rows.Count == 0 || rows[0].Length == 0 || rows.Any(r => r.Length != rows[0].Length))
        {
            throw new ArgumentException("scores need at least one seed and the same examples for every seed", nameof(rows));
        }

        _rows = [.. rows];
    }

    public int Seeds => _rows.Length;

    public int Examples => _rows[0].Length;

    public double this[int seed, int example] => _rows[seed][example];

    public double Mean => _rows.Average(r => r.Average());

    /// <summary>Each seed's average over its examples.</summary>
    public double[] SeedMeans => [.. _rows.Select(r => r.Average())];

    /// <summary>One column: for examples that differ from seed to seed and so are no factor of their own.</summary>
    public ScoreMatrix Averaged() => new([.. _rows.Select(r => new[] { r.Average() })]);

    /// <summary>Every cell plus a constant.</summary>
    public ScoreMatrix Plus(double shift) => shift == 0 ? this : new([.. _rows.Select(row => row.Select(value => value + shift).ToArray())]);

    /// <summary>Cell by cell, this minus the other; both must come from the same seeds and examples.</summary>
    public ScoreMatrix Minus(ScoreMatrix other)
    {
        if (other.Seeds != Seeds || other.Examples != Examples)
        {
            throw new ArgumentException($"{Seeds}×{Examples} scores cannot be paired with {other.Seeds}×{other.Examples}", nameof(other));
        }

        return new([.. _rows.Select((row, s) => row.Select((value, x) => value - other[s, x]).ToArray())]);
    }
}
