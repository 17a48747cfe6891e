using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation.Text;

/// <summary>How likely a causal model holds given texts to be.</summary>
/// <param name="model">The model.</param>
public sealed class TextScorer(ICausalLM model)
{
    private const int PositionsAtOnce = 256; // a vocabulary's logits of many positions are large

    /// <summary>The log-probability of every token but the first, given those before it; natural logarithm.</summary>
    /// <param name="ids">At least one.</param>
    /// <returns>One fewer than there are tokens.</returns>
    /// <exception cref="UserError">No tokens, more than the context holds, or one outside the vocabulary.</exception>
    public double[] Score(IReadOnlyList<int> ids)
    {
        DecodingSession.Check(model, [ids]);
        var wasTraining = model.Module.training;
        model.Module.eval();
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        try
        {
            var device = model.Module.parameters().First().device;
            var tokens = tensor(ids.Select(id => (long)id).ToArray(), device: device).unsqueeze(0);
            var hidden = model.Encode(new TokenInputs(tokens)).squeeze(0);
            var scores = new List<double>(ids.Count - 1);
            for (long at = 0; at < ids.Count - 1; at += PositionsAtOnce)
            {
                using var inner = NewDisposeScope();
                var count = Math.Min(PositionsAtOnce, ids.Count - 1 - at);
                var logits = model.Head(hidden.narrow(0, at, count)).to(ScalarType.Float32).log_softmax(-1);
                var next = tokens.view(-1).narrow(0, at + 1, count).unsqueeze(1);
                scores.AddRange(logits.gather(1, next).cpu().data<float>().Select(s => (double)s));
            }

            return [.. scores];
        }
        finally
        {
            model.Module.train(wasTraining);
        }
    }
}
