using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;

namespace Heirloom.Continual.Learners;

/// <summary>How the published prompt learners train.</summary>
internal static class PromptTraining
{
    /// <summary>Adam at 0.03 · B / 256, constant, gradients clipped at 1, five passes over a task (Wang et al. 2022).</summary>
    public static TaskTrainingConfig Published { get; } = new()
    {
        Epochs = 5,
        BatchSize = 16,
        Optimizer = new AdamWConfig { LearningRate = 0.03 * 16 / 256, Beta2 = 0.999, Decay = 0 },
        Schedule = new ConstantConfig(),
        ClipNorm = 1,
    };
}
