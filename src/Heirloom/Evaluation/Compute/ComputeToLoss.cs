namespace Heirloom.Evaluation.Compute;

/// <summary>
/// The losses that a training went through and what had been spent by then, in operations and in time: what growing, learned operators and earlier stages cost is spent
/// like every other step. Answers how much compute a loss took.
/// </summary>
public sealed class ComputeToLoss
{
    private readonly List<(Spent Spent, double Loss)> _points = [];

    /// <summary>All that was spent.</summary>
    public Spent Total { get; private set; }

    /// <summary>In order.</summary>
    public IReadOnlyList<(Spent Spent, double Loss)> Points => _points;

    /// <summary>Counts work of any kind.</summary>
    public void Spend(Spent spent)
    {
        if (!(spent.Flops >= 0 && spent.Seconds >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(spent), spent, "compute is not negative");
        }

        Total += spent;
    }

    /// <summary>Notes the loss that has been reached by now.</summary>
    public void Reach(double loss) => _points.Add((Total, loss));

    /// <summary>Whether a loss was reached.</summary>
    public bool Reaches(double loss) => _points.Any(p => p.Loss <= loss);

    /// <summary>
    /// What had been spent when a loss was first reached, on straight lines between measurements. A loss that was never reached has taken at least all that was spent,
    /// which is then the answer: a bound in favour of whoever failed (see <see cref="Reaches"/>).
    /// </summary>
    public Spent To(double loss)
    {
        var at = _points.FindIndex(p => p.Loss <= loss);
        if (at <= 0)
        {
            return at < 0 ? Total : _points[0].Spent;
        }

        var (before, after) = (_points[at - 1], _points[at]);
        var share = (before.Loss - loss) / (before.Loss - after.Loss);
        return new(Between(before.Spent.Flops, after.Spent.Flops, share), Between(before.Spent.Seconds, after.Spent.Seconds, share));
    }

    private static double Between(double a, double b, double share) => a + ((b - a) * share);
}
