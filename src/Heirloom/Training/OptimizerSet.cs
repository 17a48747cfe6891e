using Heirloom.Training.Optimizers;

namespace Heirloom.Training;

/// <summary>The optimizers of a training, by phase.</summary>
internal sealed class OptimizerSet(IReadOnlyList<Phase> phases) : IDisposable
{
    private readonly Dictionary<string, Optimizer> _optimizers = phases.ToDictionary(p => p.Name, p => p.Optimizer.Build(p.Parameters));

    public Optimizer this[Phase phase] => _optimizers[phase.Name];

    public void Dispose()
    {
        foreach (var optimizer in _optimizers.Values)
        {
            optimizer.Dispose();
        }
    }
}
