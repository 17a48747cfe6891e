using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>Adafactor: a second moment kept as row and column sums, and updates clipped by their root mean square (Shazeer and Stern 2018, algorithms 4 and 5).</summary>
public sealed record AdafactorConfig : OptimizerConfig
{
    /// <summary>α; with <see cref="Relative"/> the ρ of the relative step.</summary>
    [Range(0, 1000)]
    public override double LearningRate { get; init; } = 1e-3;

    /// <summary>d: largest root mean square of an unscaled update.</summary>
    [Range(1e-9, 1e9)]
    public double ClipUpdate { get; init; } = 1;

    /// <summary>c in the decay β̂₂ = 1 − t⁻ᶜ of the second moment (section 7.2).</summary>
    [Range(0, 1)]
    public double DecayExponent { get; init; } = 0.8;

    /// <summary>ε₁, added to squared gradients.</summary>
    [Range(0, 1)]
    public double SquareEpsilon { get; init; } = 1e-30;

    /// <summary>ε₂: smallest scale of a parameter for the relative step.</summary>
    [Range(0, 1)]
    public double ScaleEpsilon { get; init; } = 1e-3;

    /// <summary>Steps in proportion to each parameter's own root mean square (section 8).</summary>
    public bool Relative { get; init; }

    /// <summary>β₁; 0, the paper's choice, keeps no first moment.</summary>
    [Range(0, 1)]
    public double Beta1 { get; init; }

    /// <summary>Decoupled weight decay.</summary>
    [Range(0, 1000)]
    public double Decay { get; init; }

    public WeightDecay DecayOn { get; init; } = WeightDecay.Matrices;

    public override UpdateRule RuleFor(NamedParameter parameter) => new AdafactorRule(this, DecayOn.Decays(parameter) ? Decay : 0);
}

internal sealed class AdafactorRule(AdafactorConfig config, double decay) : UpdateRule
{
    public override IEnumerable<(string Name, Tensor Value)> NewState(Tensor weights)
    {
        // the last two dimensions are factored; leading ones (experts, kernels) each have sums of their own
        var shape = weights.shape;
        if (shape.Length >= 2)
        {
            yield return ("rows", zeros(shape[..^1], dtype: weights.dtype, device: weights.device));
            yield return ("columns", zeros([.. shape[..^2], shape[^1]], dtype: weights.dtype, device: weights.device));
        }
        else
        {
            yield return ("square", zeros_like(weights));
        }

        if (config.Beta1 != 0)
        {
            yield return ("mean", zeros_like(weights));
        }
    }

    public override void Apply(Tensor weights, Tensor gradient, IReadOnlyDictionary<string, Tensor> state, UpdateStep step)
    {
        if (step.GradientScale != 1)
        {
            gradient.mul_(KeptScalar.Passing(step.GradientScale));
        }

        var beta2 = 1 - Math.Pow(step.Number, -config.DecayExponent);
        var squared = gradient.square().add_(KeptScalar.Passing(config.SquareEpsilon));
        Tensor update;
        if (state.TryGetValue("rows", out var rows))
        {
            var columns = state["columns"];
            rows.mul_(KeptScalar.Passing(beta2)).add_(squared.mean([-1]), KeptScalar.Passing(1 - beta2));
            columns.mul_(KeptScalar.Passing(beta2)).add_(squared.mean([-2]), KeptScalar.Passing(1 - beta2));

            // V̂ = R C / sum(R), here with means, whose constants cancel
            var rowFactor = rows.div(rows.mean([-1], keepdim: true)).rsqrt_().unsqueeze(-1);
            update = gradient.mul_(rowFactor).mul_(columns.rsqrt().unsqueeze(-2));
        }
        else
        {
            var square = state["square"].mul_(KeptScalar.Passing(beta2)).add_(squared, KeptScalar.Passing(1 - beta2));
            update = gradient.mul_(square.rsqrt());
        }

        update.div_(RootMeanSquare(update).div_(KeptScalar.Passing(config.ClipUpdate)).clamp_min_(KeptScalar.Passing(1)));
        var rate = config.LearningRate * step.Factor;
        if (decay != 0)
        {
            weights.mul_(KeptScalar.Passing(1 - (rate * decay)));
        }

        if (config.Relative)
        {
            update.mul_(RootMeanSquare(weights).clamp_min_(KeptScalar.Passing(config.ScaleEpsilon)));
        }

        if (state.TryGetValue("mean", out var mean))
        {
            update = mean.mul_(KeptScalar.Passing(config.Beta1)).add_(update, KeptScalar.Passing(1 - config.Beta1));
        }

        weights.add_(update, KeptScalar.Passing(-rate));
    }

    private static Tensor RootMeanSquare(Tensor x) => x.square().mean().sqrt_();
}
