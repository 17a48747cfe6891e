using Heirloom.Layers.Kernels;
using Heirloom.Objectives;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Ranks;
using Heirloom.Training.Schedules;

namespace Heirloom.Training;

/// <summary>A forward pass over one batch.</summary>
/// <param name="Loss">What to minimize.</param>
/// <param name="Count">Examples, which weigh micro-batches where <see cref="Loss.Terms"/> does not.</param>
/// <param name="Units">Size of the batch for throughput.</param>
public readonly record struct Forwarded(Loss Loss, long Count, long Units);

/// <summary>
/// One loss with the parameters that it updates. A step of a <see cref="TrainingLoop"/> runs its phases in order; a discriminator and a generator,
/// or a critic and an actor, are two of them. A phase touches no other phase's parameters, though its loss may run through them.
/// </summary>
public sealed record Phase
{
    /// <summary>Stands in metrics, messages and snapshots.</summary>
    public required string Name { get; init; }

    public required IReadOnlyList<NamedParameter> Parameters { get; init; }

    public required OptimizerConfig Optimizer { get; init; }

    public ScheduleConfig Schedule { get; init; } = new ConstantConfig();

    /// <summary>
    /// The loss of a batch or of a share of its rows, null for a share without rows; all randomness comes from the seed, to which libtorch's generator is
    /// pinned already.
    /// </summary>
    public required Func<BatchPart, Seed, Forwarded?> Forward { get; init; }

    /// <inheritdoc cref="TrainingConfig.ClipNorm"/>
    public double? ClipNorm { get; init; }

    /// <inheritdoc cref="TrainingConfig.Accumulate"/>
    public int Accumulate { get; init; } = 1;

    /// <summary>Runs at every so many steps (a generator after several critics).</summary>
    public long Every { get; init; } = 1;

    /// <inheritdoc cref="TrainingConfig.Recompute"/>
    public Recomputation Recompute { get; init; }

    /// <summary>What <see cref="Forwarded.Units"/> counts.</summary>
    public string Unit { get; init; } = "examples";
}
