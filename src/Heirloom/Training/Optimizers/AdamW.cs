using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>Adam with decoupled weight decay (Kingma and Ba 2015; Loshchilov and Hutter 2019, algorithm 2).</summary>
[Kind("adamw")]
public sealed record AdamWConfig : OptimizerConfig
{
    /// <summary>α.</summary>
    [Range(0, 1000)]
    public override double LearningRate { get; init; } = 1e-3;

    /// <summary>β₁: decay of the mean of gradients.</summary>
    [Range(0, 1)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>β₂: decay of the mean of squared gradients.</summary>
    [Range(0, 1)]
    public double Beta2 { get; init; } = 0.95;

    /// <summary>ε, added to the root of the second moment.</summary>
    [Range(0, 1)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>λ: at each update a decaying weight loses this share, times the learning rate.</summary>
    [Range(0, 1000)]
    public double Decay { get; init; } = 0.1;

    public WeightDecay DecayOn { get; init; } = WeightDecay.Matrices;

    public override UpdateRule RuleFor(NamedParameter parameter) => new AdamWRule(this, DecayOn.Decays(parameter) ? Decay : 0);
}

internal sealed class AdamWRule(AdamWConfig config, double decay) : UpdateRule
{
    public override IEnumerable<(string Name, Tensor Value)> NewState(Tensor weights) =>
        [("mean", zeros_like(weights)), ("square", zeros_like(weights))];

    public override void Apply(Tensor weights, Tensor gradient, IReadOnlyDictionary<string, Tensor> state, UpdateStep step)
    {
        var (mean, square) = (state["mean"], state["square"]);
        var rate = config.LearningRate * step.Factor;
        var stepSize = rate / (1 - Math.Pow(config.Beta1, step.Number));
        var rootCorrection = Math.Sqrt(1 - Math.Pow(config.Beta2, step.Number));
        if (FlatFloats.All(weights, gradient, mean, square))
        {
            AdamWKernel.Update(weights, gradient, mean, square, new(
                (float)step.GradientScale, (float)config.Beta1, (float)config.Beta2, (float)config.Epsilon,
                (float)(1 - (rate * decay)), (float)stepSize, (float)(1 / rootCorrection)));
            return;
        }

        if (step.GradientScale != 1)
        {
            gradient.mul_(step.GradientScale);
        }

        if (decay != 0)
        {
            weights.mul_(1 - (rate * decay));
        }

        mean.mul_(config.Beta1).add_(gradient, 1 - config.Beta1);
        square.mul_(config.Beta2).addcmul_(gradient, gradient, 1 - config.Beta2);
        weights.addcdiv_(mean, square.sqrt().div_(rootCorrection).add_(config.Epsilon), -stepSize);
    }
}
