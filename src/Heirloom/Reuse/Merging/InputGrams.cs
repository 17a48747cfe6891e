using Heirloom.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>XᵀX of what every linear layer of a model reads.</summary>
/// <remarks>Jin et al. 2023, section 3.</remarks>
public static class InputGrams
{
    /// <param name="model">Stays as it is.</param>
    /// <param name="steps">Batches to read.</param>
    /// <param name="forward">Runs the model on one of them.</param>
    /// <param name="work">Progress and stop.</param>
    /// <returns>By name of the layer's weight, <c>[inputs, inputs]</c> row by row, divided by the number of vectors.</returns>
    public static Dictionary<string, float[]> Of(IModel model, int steps, Action<long> forward, WorkContext work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        var sums = new Dictionary<string, (Tensor Sum, long Count)>();
        var layers = model.Module.named_modules().Where(m => m.module is Linear).ToList();
        var hooks = layers.Select(l => ((Linear)l.module).register_forward_hook((_, input, output) =>
        {
            Add($"{l.name}.weight", input);
            return output;
        })).ToList();
        var training = model.Module.training;
        model.Module.eval();
        using var quiet = no_grad();
        using var progress = work.Progress.Begin("inputs of linear layers", steps, "batch");
        try
        {
            for (var step = 0L; step < steps; step++)
            {
                work.Stop.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                forward(step);
                progress.Report(step + 1);
            }

            return sums.ToDictionary(s => s.Key, s => (float[])[.. s.Value.Sum.view(-1).data<double>().Select(x => (float)(x / s.Value.Count))]);
        }
        finally
        {
            hooks.ForEach(h => h.remove());
            model.Module.train(training);
            foreach (var (sum, _) in sums.Values)
            {
                sum.Dispose();
            }
        }

        void Add(string name, Tensor input)
        {
            using var scope = NewDisposeScope();
            var x = input.detach().reshape(-1, input.shape[^1]).to(float64).cpu();
            var (old, count) = sums.GetValueOrDefault(name);
            sums[name] = ((old is null ? x.t().mm(x) : old + x.t().mm(x)).DetachFromDisposeScope(), count + x.shape[0]);
            old?.Dispose();
        }
    }
}
