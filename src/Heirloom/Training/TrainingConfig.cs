using System.ComponentModel.DataAnnotations;
using Heirloom.Layers.Kernels;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;

namespace Heirloom.Training;

/// <summary>Settings of a training with one objective and one optimizer.</summary>
public sealed record TrainingConfig : LoopConfig, IExample<TrainingConfig>
{
    public static TrainingConfig Example => new() { Steps = 10 };

    public OptimizerConfig Optimizer { get; init; } = new AdamWConfig();

    public ScheduleConfig Schedule { get; init; } = new CosineConfig();

    /// <summary>Largest Euclidean norm of the whole gradient (Pascanu et al. 2013); null for no bound.</summary>
    [Range(1e-12, 1e12)]
    public double? ClipNorm { get; init; } = 1;

    /// <summary>Batches that make one update, for batches larger than memory: step s reads batches s·k … s·k + k − 1.</summary>
    [Range(1, 1_000_000)]
    public int Accumulate { get; init; } = 1;

    /// <summary>Saves memory for time: what of the forward pass is not kept but computed again. Layers give the same bits; a loss of many rows is then computed in parts, whose sum rounds otherwise.</summary>
    public Recomputation Recompute { get; init; }
}
