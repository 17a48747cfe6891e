using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>What a rule is told about one update.</summary>
/// <param name="Number">Updates of this parameter so far, this one included: 1, 2, ….</param>
/// <param name="Factor">What schedule and <see cref="NamedParameter.Scale"/> make of the learning rate.</param>
/// <param name="GradientScale">Multiplies the gradient first (clipping and averaging over micro-batches, done here to save a pass over the gradients).</param>
public readonly record struct UpdateStep(long Number, double Factor, double GradientScale);

/// <summary>The update of one parameter, in place. Stateless itself: what it remembers lies in the tensors that it declares.</summary>
public abstract class UpdateRule
{
    /// <summary>Fresh state for a parameter, by name; float32, or the parameter's own type where that is wider.</summary>
    public abstract IEnumerable<(string Name, Tensor Value)> NewState(Tensor weights);

    /// <param name="weights">float32 (or wider) weights, changed in place under no_grad.</param>
    /// <param name="gradient">Same shape and type; the rule may overwrite it.</param>
    /// <param name="state">The tensors of <see cref="NewState"/>, changed in place.</param>
    /// <param name="step">Number, learning-rate factor and gradient scale.</param>
    public abstract void Apply(Tensor weights, Tensor gradient, IReadOnlyDictionary<string, Tensor> state, UpdateStep step);
}
