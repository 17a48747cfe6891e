using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Precision;

namespace Heirloom.Reuse.Growing;

/// <summary><see cref="LearnedGrowth{TModel}"/>: linear operators from the small model's weights to the large one's, learned from text in a few steps (Wang et al. 2023, LiGO).</summary>
[Kind("ligo")]
public sealed record LigoGrowthConfig : GrowthConfig
{
    /// <summary>Steps over which the operators learn; each costs what a step of the large model does.</summary>
    [Range(1, 1_000_000)]
    public int Steps { get; init; } = 100;

    /// <summary>Of the operators.</summary>
    [Range(1e-9, 10)]
    public double LearningRate { get; init; } = 1e-3;

    public override bool LearnsFromText() => true;

    public override string? Changes(ModelAxes small, ModelSize large) => "its operators have learned";

    /// <exception cref="UserError">Always: it learns from text.</exception>
    protected override IModel Expand(Grower small, ModelSize large, Seed seed) => throw new UserError("'ligo' learns from text how to grow", "data", "give it some");

    /// <exception cref="UserError">The model does not predict the next token.</exception>
    protected override IModel Learn(IModel small, ModelSize large, IBatches<TokenBatch> text, Seed seed, WorkContext work)
    {
        var causal = small as ICausalLM ?? throw new UserError($"'ligo' learns by predicting the next token, which a {small.GetType().Name} does not", "method", "choose another");
        using var growth = new LearnedGrowth<ICausalLM>(causal, large, seed);
        var config = new TrainingConfig { Steps = Steps, Optimizer = new AdamWConfig { LearningRate = LearningRate, Decay = 0 }, Precision = PrecisionMode.Float32 };
        new Trainer(config, seed.For("operators"), work).Fit(growth, LearnedGrowth.Objective<ICausalLM, TokenBatch>(CausalLM.Objective()), text);
        work.Stop.ThrowIfCancellationRequested();
        var grown = growth.Grown();
        foreach (var parameter in grown.Module.parameters())
        {
            parameter.grad = null;
        }

        grown.Module.train(small.Module.training);
        return grown;
    }
}
