using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>Lion: the sign of an interpolated momentum, with decoupled weight decay (Chen et al. 2023, algorithm 2).</summary>
public sealed record LionConfig : OptimizerConfig
{
    /// <summary>η; three to ten times smaller than AdamW's.</summary>
    [Range(0, 1000)]
    public override double LearningRate { get; init; } = 1e-4;

    /// <summary>β₁: weight of the momentum in the direction.</summary>
    [Range(0, 1)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>β₂: decay of the momentum.</summary>
    [Range(0, 1)]
    public double Beta2 { get; init; } = 0.99;

    /// <summary>λ; three to ten times larger than AdamW's.</summary>
    [Range(0, 1000)]
    public double Decay { get; init; } = 1;

    public WeightDecay DecayOn { get; init; } = WeightDecay.Matrices;

    public override UpdateRule RuleFor(NamedParameter parameter) => new LionRule(this, DecayOn.Decays(parameter) ? Decay : 0);
}

internal sealed class LionRule(LionConfig config, double decay) : UpdateRule
{
    public override IEnumerable<(string Name, Tensor Value)> NewState(Tensor weights) => [("momentum", zeros_like(weights))];

    public override void Apply(Tensor weights, Tensor gradient, IReadOnlyDictionary<string, Tensor> state, UpdateStep step)
    {
        var momentum = state["momentum"];
        var rate = config.LearningRate * step.Factor;
        if (step.GradientScale != 1)
        {
            gradient.mul_(KeptScalar.Passing(step.GradientScale));
        }

        var direction = momentum.mul(KeptScalar.Passing(config.Beta1)).add_(gradient, KeptScalar.Passing(1 - config.Beta1)).sign_();
        if (decay != 0)
        {
            weights.mul_(KeptScalar.Passing(1 - (rate * decay)));
        }

        weights.add_(direction, KeptScalar.Passing(-rate));
        momentum.mul_(KeptScalar.Passing(config.Beta2)).add_(gradient, KeptScalar.Passing(1 - config.Beta2));
    }
}
