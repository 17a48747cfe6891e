using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
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

    /// <summary>
    /// Bits a number in both means: 32, or 8 by block-wise dynamic quantization (Dettmers et al. 2022), which saves six of a parameter's sixteen bytes. Embeddings
    /// and parameters of fewer than 4,096 numbers stay at 32.
    /// </summary>
    [AllowedValues(8, 32)]
    public int StateBits { get; init; } = 32;

    public override UpdateRule RuleFor(NamedParameter parameter)
    {
        var decay = DecayOn.Decays(parameter) ? Decay : 0;
        return StateBits == 8 && parameter.Value.numel() >= BlockQuantized.LeastNumbers && !DecayRule.IsEmbedding(parameter.Name) ? new AdamW8Rule(this, decay) : new AdamWRule(this, decay);
    }
}

/// <summary>The update of Kingma and Ba with decoupled decay, its constants at one step.</summary>
internal readonly record struct AdamWStep(double Keep, double StepSize, double RootCorrection)
{
    public static AdamWStep Of(AdamWConfig config, double decay, UpdateStep step)
    {
        var rate = config.LearningRate * step.Factor;
        return new(1 - (rate * decay), rate / (1 - Math.Pow(config.Beta1, step.Number)), Math.Sqrt(1 - Math.Pow(config.Beta2, step.Number)));
    }

    public AdamWKernel.Constants Constants(AdamWConfig config, double gradientScale) => new(
        (float)gradientScale, (float)config.Beta1, (float)config.Beta2, (float)config.Epsilon, (float)Keep, (float)StepSize, (float)(1 / RootCorrection));

    /// <summary>By the tensor library; all in place.</summary>
    public void Apply(AdamWConfig config, double gradientScale, Tensor weights, Tensor gradient, Tensor mean, Tensor square)
    {
        if (gradientScale != 1)
        {
            gradient.mul_(KeptScalar.Passing(gradientScale));
        }

        if (Keep != 1)
        {
            weights.mul_(KeptScalar.Passing(Keep));
        }

        mean.mul_(KeptScalar.Passing(config.Beta1)).add_(gradient, KeptScalar.Passing(1 - config.Beta1));
        square.mul_(KeptScalar.Passing(config.Beta2)).addcmul_(gradient, gradient, KeptScalar.Passing(1 - config.Beta2));
        weights.addcdiv_(mean, square.sqrt().div_(KeptScalar.Passing(RootCorrection)).add_(KeptScalar.Passing(config.Epsilon)), KeptScalar.Passing(-StepSize));
    }
}

internal sealed class AdamWRule(AdamWConfig config, double decay) : UpdateRule
{
    public override IEnumerable<(string Name, Tensor Value)> NewState(Tensor weights) =>
        [("mean", zeros_like(weights)), ("square", zeros_like(weights))];

    public override void Apply(Tensor weights, Tensor gradient, IReadOnlyDictionary<string, Tensor> state, UpdateStep step)
    {
        var (mean, square, here) = (state["mean"], state["square"], AdamWStep.Of(config, decay, step));
        if (FlatFloats.All(weights, gradient, mean, square))
        {
            AdamWKernel.Update(weights, gradient, mean, square, here.Constants(config, step.GradientScale));
        }
        else
        {
            here.Apply(config, step.GradientScale, weights, gradient, mean, square);
        }
    }
}

/// <summary>AdamW whose means are kept in eight bits.</summary>
internal sealed class AdamW8Rule(AdamWConfig config, double decay) : UpdateRule
{
    public override IEnumerable<(string Name, Tensor Value)> NewState(Tensor weights)
    {
        var (mean, square) = (BlockQuantized.Zeros(weights, DynamicMap.Signed), BlockQuantized.Zeros(weights, DynamicMap.Unsigned));
        return [("mean_codes", mean.Codes), ("mean_scales", mean.Scales), ("square_codes", square.Codes), ("square_scales", square.Scales)];
    }

    public override void Apply(Tensor weights, Tensor gradient, IReadOnlyDictionary<string, Tensor> state, UpdateStep step)
    {
        var (mean, square) = ((state["mean_codes"], state["mean_scales"]), (state["square_codes"], state["square_scales"]));
        var here = AdamWStep.Of(config, decay, step);
        if (FlatFloats.All(weights, gradient))
        {
            AdamWKernel.Update(weights, gradient, mean, square, here.Constants(config, step.GradientScale));
            return;
        }

        var (wideMean, wideSquare) = (BlockQuantized.Read(mean.Item1, mean.Item2, DynamicMap.Signed), BlockQuantized.Read(square.Item1, square.Item2, DynamicMap.Unsigned));
        here.Apply(config, step.GradientScale, weights, gradient, wideMean, wideSquare);
        BlockQuantized.Write(wideMean, DynamicMap.Signed, mean.Item1, mean.Item2);
        BlockQuantized.Write(wideSquare, DynamicMap.Unsigned, square.Item1, square.Item2);
    }
}
