using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>Stochastic gradient descent with momentum (Polyak 1964; Nesterov's form as in Sutskever et al. 2013, in the parametrization that torch uses).</summary>
public sealed record SgdConfig : OptimizerConfig
{
    [Range(0, 1000)]
    public override double LearningRate { get; init; } = 0.1;

    /// <summary>μ; 0 for none.</summary>
    [Range(0, 1)]
    public double Momentum { get; init; } = 0.9;

    public bool Nesterov { get; init; }

    /// <summary>L2 penalty, added to the gradient.</summary>
    [Range(0, 1000)]
    public double Decay { get; init; }

    public WeightDecay DecayOn { get; init; } = WeightDecay.Matrices;

    public override UpdateRule RuleFor(NamedParameter parameter) => new SgdRule(this, DecayOn.Decays(parameter) ? Decay : 0);
}

internal sealed class SgdRule(SgdConfig config, double decay) : UpdateRule
{
    public override IEnumerable<(string Name, Tensor Value)> NewState(Tensor weights) =>
        config.Momentum == 0 ? [] : [("momentum", zeros_like(weights))];

    public override void Apply(Tensor weights, Tensor gradient, IReadOnlyDictionary<string, Tensor> state, UpdateStep step)
    {
        if (step.GradientScale != 1)
        {
            gradient.mul_(KeptScalar.Passing(step.GradientScale));
        }

        if (decay != 0)
        {
            gradient.add_(weights, KeptScalar.Passing(decay));
        }

        var direction = gradient;
        if (config.Momentum != 0)
        {
            var momentum = state["momentum"].mul_(KeptScalar.Passing(config.Momentum)).add_(gradient);
            direction = config.Nesterov ? gradient.add_(momentum, KeptScalar.Passing(config.Momentum)) : momentum;
        }

        weights.add_(direction, KeptScalar.Passing(-config.LearningRate * step.Factor));
    }
}
