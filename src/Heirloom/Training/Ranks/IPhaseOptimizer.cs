using static TorchSharp.torch;

namespace Heirloom.Training.Ranks;

/// <summary>How the gradient of a phase becomes one and updates its weights: by one rank alone, or by several.</summary>
internal interface IPhaseOptimizer : IDisposable
{
    /// <inheritdoc cref="Optimizers.Optimizer.ZeroGradients"/>
    void ZeroGradients();

    /// <summary>Runs this rank's passes and gives the gradient of the whole step.</summary>
    PhaseGradient Gradient(Func<GradientSums> compute);

    /// <inheritdoc cref="Optimizers.Optimizer.Step"/>
    void Step(double factor, double gradientScale);

    /// <summary>What must be saved to go on exactly, whatever the number of ranks then: all of it on the leader, nothing on others.</summary>
    IReadOnlyList<KeyValuePair<string, Tensor>> State();

    /// <summary>Takes back, of what <see cref="State"/> gave, what this rank needs.</summary>
    void Load(Func<string, Tensor> read);
}
