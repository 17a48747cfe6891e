using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Training.Precision;
using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>Muon: momentum made orthogonal by Newton–Schulz iterations, on hidden matrices; AdamW on embeddings, heads, norms and biases (Jordan et al. 2024).</summary>
public sealed record MuonConfig : OptimizerConfig
{
    /// <summary>Of the matrices.</summary>
    [Range(0, 1000)]
    public override double LearningRate { get; init; } = 0.02;

    /// <summary>Decay of the momentum, which is used in Nesterov's form.</summary>
    [Range(0, 1)]
    public double Momentum { get; init; } = 0.95;

    /// <summary>Newton–Schulz iterations.</summary>
    [Range(1, 20)]
    public int Iterations { get; init; } = 5;

    /// <summary>Decoupled weight decay of the matrices.</summary>
    [Range(0, 1000)]
    public double Decay { get; init; }

    /// <summary>In what the iterations compute: they are stable in bfloat16, where the reference runs them, and most of an update's time.</summary>
    public PrecisionMode Precision { get; init; }

    /// <summary>For everything that is not a hidden matrix.</summary>
    public AdamWConfig Rest { get; init; } = new() { LearningRate = 3e-4 };

    public override UpdateRule RuleFor(NamedParameter parameter) =>
        parameter.Value.Dimensions >= 2 && !DecayRule.IsEmbedding(parameter.Name) && !IsOutput(parameter.Name)
            ? new MuonRule(this)
            : Rest.RuleFor(parameter);

    private static bool IsOutput(string name) => name.Split('.').Any(part => part is "head" or "classifier");
}

internal sealed class MuonRule(MuonConfig config) : UpdateRule
{
    public override IEnumerable<(string Name, Tensor Value)> NewState(Tensor weights) => [("momentum", zeros_like(weights))];

    public override void Apply(Tensor weights, Tensor gradient, IReadOnlyDictionary<string, Tensor> state, UpdateStep step)
    {
        if (step.GradientScale != 1)
        {
            gradient.mul_(KeptScalar.Passing(step.GradientScale));
        }

        // the reference averages (lerp); the scale does not matter to what follows, the ratio of the Nesterov term does
        var momentum = state["momentum"].mul_(KeptScalar.Passing(config.Momentum)).add_(gradient, KeptScalar.Passing(1 - config.Momentum));
        var direction = Orthogonalize(gradient.mul_(KeptScalar.Passing(1 - config.Momentum)).add_(momentum, KeptScalar.Passing(config.Momentum)).flatten(1), config.Iterations, config.Precision.UsesBFloat16(weights.device, weights.numel()));
        var rate = config.LearningRate * step.Factor;
        if (config.Decay != 0)
        {
            weights.mul_(KeptScalar.Passing(1 - (rate * config.Decay)));
        }

        // tall matrices take longer steps, so that the change of their outputs has the same root mean square
        var stretch = Math.Sqrt(Math.Max(1, (double)direction.shape[0] / direction.shape[1]));
        weights.add_(direction.view(weights.shape), KeptScalar.Passing(-rate * stretch));
    }

    /// <summary>Brings singular values near 1 by the quintic X ← aX + (bA + cA²)X with A = XXᵀ.</summary>
    /// <param name="x"><c>[M, N]</c></param>
    /// <param name="iterations">How often.</param>
    /// <param name="bfloat16">Whether to compute in bfloat16.</param>
    internal static Tensor Orthogonalize(Tensor x, int iterations, bool bfloat16)
    {
        const double a = 3.4445, b = -4.7750, c = 2.0315;
        var type = x.dtype;
        var tall = x.shape[0] > x.shape[1];
        x = bfloat16 ? x.to(ScalarType.BFloat16) : x;
        x = tall ? x.t() : x;
        x = x.div(x.square().sum().sqrt().add_(KeptScalar.Passing(1e-7)));
        for (var i = 0; i < iterations; i++)
        {
            var gram = x.matmul(x.t());
            var polynomial = gram.mul(KeptScalar.Passing(b)).add_(gram.matmul(gram), KeptScalar.Passing(c));
            x = polynomial.matmul(x).add_(x, KeptScalar.Passing(a));
        }

        return (tall ? x.t().contiguous() : x).to(type);
    }
}
