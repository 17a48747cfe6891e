using System.Globalization;

namespace Heirloom.Training.Ranks;

/// <summary>A step of training by so many ranks, in seconds.</summary>
/// <param name="Ranks">N.</param>
/// <param name="Compute">Forward and backward passes.</param>
/// <param name="Communication">Reduce-scatter and all-gather.</param>
/// <param name="Exposed">What of it nothing hides.</param>
/// <param name="Update">Of the parameters that the most burdened rank owns.</param>
/// <param name="Efficiency">Time of one rank with its batch over time of N ranks with N such batches (weak scaling).</param>
/// <param name="Bytes">Weights, gradients and optimizer states of a rank.</param>
public sealed record ScalingPoint(int Ranks, double Compute, double Communication, double Exposed, double Update, double Efficiency, double Bytes)
{
    /// <summary>The whole step.</summary>
    public double Total => Compute + Exposed + Update;
}

/// <summary>
/// What a step costs on more ranks than are at hand, by formulas: passes of 6 operations a parameter and token (Kaplan et al. 2020), collectives by latency
/// and bandwidth (Thakur, Rabenseifner and Gropp 2005), optimizer states divided by parameters (ZeRO-1; Rajbhandari et al. 2020).
/// </summary>
public sealed record ScalingModel
{
    /// <summary>P.</summary>
    public required double Parameters { get; init; }

    /// <summary>Elements of the largest parameter, which no number of ranks divides.</summary>
    public required double Largest { get; init; }

    /// <summary>Tokens that a rank computes in a step.</summary>
    public required double Tokens { get; init; }

    /// <summary>Operations a second that a rank achieves.</summary>
    public required double Speed { get; init; }

    /// <summary>α: seconds from a message's sending to its first byte.</summary>
    public required double Latency { get; init; }

    /// <summary>β: bytes a second of a rank, each way.</summary>
    public required double Bandwidth { get; init; }

    /// <summary>Parameters that a rank's optimizer updates in a second.</summary>
    public required double UpdatesPerSecond { get; init; }

    /// <summary>Bytes that travel for a gradient.</summary>
    public double GradientBytes { get; init; } = 4;

    /// <summary>Bytes of a weight.</summary>
    public double WeightBytes { get; init; } = 4;

    /// <summary>Bytes that an optimizer keeps for a parameter: two moments of float32, and a master copy where weights are narrower.</summary>
    public double StateBytes { get; init; } = 8;

    /// <summary>Share of the passes' time in which gradients may travel already: 0 where they wait for the end, up to 2/3 where each leaves with its layer's backward pass.</summary>
    public double Overlap { get; init; }

    /// <summary>Elements of a bucket.</summary>
    public double BucketElements { get; init; } = ShardPlan.BucketElements;

    /// <summary>Messages: P elements in buckets.</summary>
    public double Buckets => Math.Ceiling(Parameters / BucketElements);

    /// <summary>Ring: each rank sends N − 1 parts of an N-th, V (N − 1)/N bytes.</summary>
    public double ReduceScatter(double bytes, int ranks, double messages = 1) => ((ranks - 1) * Latency * messages) + (bytes * (ranks - 1) / ranks / Bandwidth);

    /// <summary>Ring, the same the other way round.</summary>
    public double AllGather(double bytes, int ranks, double messages = 1) => ReduceScatter(bytes, ranks, messages);

    /// <summary>A ring all-reduce is both: 2 V (N − 1)/N bytes, 2 (N − 1) latencies.</summary>
    public double RingAllReduce(double bytes, int ranks) => ReduceScatter(bytes, ranks) + AllGather(bytes, ranks);

    /// <summary>A binary tree up and down: 2 ⌈log₂ N⌉ times the whole message.</summary>
    public double TreeAllReduce(double bytes, int ranks) => 2 * Math.Ceiling(Math.Log2(ranks)) * (Latency + (bytes / Bandwidth));

    /// <summary>A step of N ranks.</summary>
    public ScalingPoint At(int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ranks);
        var compute = 6 * Parameters * Tokens / Speed;
        var gradients = ReduceScatter(Parameters * GradientBytes, ranks, Buckets);
        var weights = AllGather(Parameters * WeightBytes, ranks, Buckets);
        var share = Math.Max(Parameters / ranks, Math.Min(Largest, Parameters));
        var update = share / UpdatesPerSecond;
        var exposed = Math.Max(0, gradients - (Overlap * compute)) + weights;
        return new(
            ranks, compute, gradients + weights, exposed, update, (compute + (Parameters / UpdatesPerSecond)) / (compute + exposed + update),
            (Parameters * (WeightBytes + GradientBytes)) + (share * StateBytes));
    }

    /// <summary>Points as a table in Markdown.</summary>
    public string Table(IEnumerable<int> ranks) => string.Join('\n',
        [
            "| ranks | passes, ms | messages, ms | not hidden, ms | update, ms | efficiency | MiB a rank |", "|---|---|---|---|---|---|---|",
            .. ranks.Select(At).Select(p => string.Create(CultureInfo.InvariantCulture,
                $"| {p.Ranks} | {p.Compute * 1e3:F1} | {p.Communication * 1e3:F1} | {p.Exposed * 1e3:F1} | {p.Update * 1e3:F2} | {p.Efficiency:P1} | {p.Bytes / (1 << 20):F0} |")),
        ]);
}
