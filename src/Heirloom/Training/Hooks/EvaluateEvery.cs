using static TorchSharp.torch;

namespace Heirloom.Training.Hooks;

/// <summary>Measures the model while it is trained: in evaluation mode, without gradients, with averaged weights where there are any.</summary>
/// <param name="evaluate">Returns scores by name.</param>
/// <param name="every">Steps between evaluations; null for <see cref="LoopConfig.EvaluateEvery"/>. The last step is always evaluated.</param>
public sealed class EvaluateEvery(Func<IReadOnlyDictionary<string, double>> evaluate, long? every = null) : IHook
{
    public void After(TrainingStep step)
    {
        if (!step.IsDue(every ?? step.Config.EvaluateEvery))
        {
            return;
        }

        using var _ = no_grad();
        using var scope = NewDisposeScope();
        using var averaged = step.Ema?.ForEvaluation();
        var module = step.Model.Module;
        module.eval();
        try
        {
            foreach (var (name, value) in evaluate())
            {
                step.Record(name, value);
            }
        }
        finally
        {
            module.train();
        }
    }
}
