using System.ComponentModel.DataAnnotations;
using Heirloom.Training.Hooks;
using Heirloom.Training.Precision;

namespace Heirloom.Training;

/// <summary>What to do about a loss or a gradient that is not a number.</summary>
public enum BadStepAction
{
    /// <summary>Stops with an error that names the step, the batch and the parameter; the last snapshot stays.</summary>
    Stop,

    /// <summary>Leaves the weights as they are and goes on.</summary>
    Skip,
}

/// <summary>What to do about a gradient whose norm is far above what it has been.</summary>
public enum ExplosionAction
{
    /// <summary>Says so and goes on (clipping bounds the update).</summary>
    Note,

    /// <summary>Leaves the weights as they are, says so and goes on.</summary>
    Skip,

    /// <summary>Stops with an error that names the step, the batch and the parameter.</summary>
    Stop,
}

/// <summary>Settings of any training, whatever its phases.</summary>
public record LoopConfig : IExample<LoopConfig>
{
    static LoopConfig IExample<LoopConfig>.Example => new() { Steps = 10 };

    /// <summary>Updates to make.</summary>
    [Range(1, long.MaxValue)]
    public required long Steps { get; init; }

    public PrecisionMode Precision { get; init; }

    /// <summary>Steps between lines of metrics.</summary>
    [Range(1, long.MaxValue)]
    public long LogEvery { get; init; } = 10;

    /// <summary>Steps between evaluations; 0 for one at the end. Read by <see cref="EvaluateEvery"/>.</summary>
    [Range(0, long.MaxValue)]
    public long EvaluateEvery { get; init; }

    /// <summary>Steps between snapshots; 0 for one at the end and when stopped.</summary>
    [Range(0, long.MaxValue)]
    public long SaveEvery { get; init; }

    /// <summary>Snapshots to keep, the newest.</summary>
    [Range(1, 1_000_000)]
    public int KeepSnapshots { get; init; } = 2;

    /// <summary>Averages the weights; null for no average.</summary>
    public EmaConfig? Ema { get; init; }

    /// <summary>Stops when a score no longer improves; null for never.</summary>
    public EarlyStoppingConfig? EarlyStopping { get; init; }

    public BadStepAction OnBadStep { get; init; }

    /// <summary>Skipped steps in a row after which training stops all the same.</summary>
    [Range(1, 1_000_000)]
    public int MaxSkips { get; init; } = 10;

    public ExplosionAction OnExplodingNorm { get; init; }

    /// <summary>A gradient norm so many times its running mean has exploded.</summary>
    [Range(1, 1e12)]
    public double ExplodingNorm { get; init; } = 100;
}
