using Heirloom.Training.Optimizers;
using static TorchSharp.torch;

namespace Heirloom.Training.Ranks;

/// <summary>One rank alone.</summary>
internal sealed class WholeOptimizer(Optimizer optimizer) : IPhaseOptimizer
{
    public void ZeroGradients() => optimizer.ZeroGradients();

    public PhaseGradient Gradient(Func<GradientSums> compute) => compute().ToGradient(GradientNorm.SumOfSquares(optimizer.Parameters));

    public void Step(double factor, double gradientScale) => optimizer.Step(factor, gradientScale);

    public IReadOnlyList<KeyValuePair<string, Tensor>> State() => [.. optimizer.State()];

    public void Load(Func<string, Tensor> read) => optimizer.Load(read);

    public void Dispose() => optimizer.Dispose();
}
