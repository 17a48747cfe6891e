using Heirloom.Core.Ranks;
using Heirloom.Training.Ranks;

namespace Heirloom.Training;

/// <summary>The optimizers of a training, by phase.</summary>
internal sealed class OptimizerSet(IReadOnlyList<Phase> phases, IRanks ranks) : IDisposable
{
    private readonly Dictionary<string, IPhaseOptimizer> _optimizers = phases.ToDictionary(p => p.Name, p => ranks.Count == 1
        ? (IPhaseOptimizer)new WholeOptimizer(p.Optimizer.Build(p.Parameters))
        : new ShardedOptimizer(p.Parameters, p.Optimizer, ranks));

    public IPhaseOptimizer this[Phase phase] => _optimizers[phase.Name];

    public void Dispose()
    {
        foreach (var optimizer in _optimizers.Values)
        {
            optimizer.Dispose();
        }
    }
}
