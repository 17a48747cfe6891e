using Heirloom.Data;
using Heirloom.Evaluation.Compute;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Precision;
using Heirloom.Training.Schedules;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>One way through a study of compute: stages of training, between which a model may become another; everything counts on one bill.</summary>
public sealed class StagedTraining
{
    private readonly ComputeStudyConfig _config;
    private readonly double _rate;
    private readonly TextDomain _text;
    private readonly Seed _seed;
    private readonly WorkContext _work;
    private int _stages;

    internal StagedTraining(ComputeStudyConfig config, double rate, TextDomain text, Seed seed, WorkContext work) =>
        (_config, _rate, _text, _seed, _work) = (config, rate, text, seed, work);

    public ComputeToLoss Compute { get; } = new();

    /// <summary>Trains until so many operations have been spent, on rows that no earlier stage has read in this order; the optimizer starts afresh.</summary>
    /// <param name="model">Trained in place.</param>
    /// <param name="flops">At least one step's worth.</param>
    /// <param name="objective">Null for predicting the next token.</param>
    /// <param name="layers">How many layers ran in the last step and how many of them were trained; null where the whole model was.</param>
    /// <param name="hooks">Called after each step, before it is counted.</param>
    /// <returns>The same model.</returns>
    public Decoder Fit(Decoder model, double flops, Objective<Decoder, TokenBatch>? objective = null, Func<(int Run, int Trained)>? layers = null, params IReadOnlyList<IHook> hooks)
    {
        var tokens = (double)_config.Rows * _text.ContextLength;
        var whole = tokens * TrainingFlops.PerToken(model, _text.ContextLength);
        var end = Compute.Total.Flops + flops;
        var config = new TrainingConfig
        {
            // no step costs less than one layer's; the budget ends the stage
            Steps = (long)Math.Ceiling(flops / (tokens * TrainingFlops.PerToken(model, _text.ContextLength, layers: 1, trained: 0))) + 1,
            Optimizer = _config.Optimizer with { LearningRate = _rate },
            Schedule = new ConstantConfig { WarmUp = _config.WarmUp },
            Precision = PrecisionMode.Float32,
        };
        var seed = _seed.For("stage", _stages++);
        Compute.Reach(Loss(model));
        var count = new CountCompute(Compute, _ => layers?.Invoke() is var (run, trained) ? tokens * TrainingFlops.PerToken(model, _text.ContextLength, run, trained) : whole, () => Loss(model), _config.EvaluateEvery, _work.Clock);
        new Trainer(config, seed, _work).Fit(model, objective ?? CausalLM.Objective(), _text.Batches(_config.Rows, seed.For("text")), null, [.. hooks, count, new StopAt(Compute, end)]);
        Compute.Reach(Loss(model));
        return model;
    }

    /// <summary>Counts what is done between stages: the time of growing, the compute of a model that is taken over.</summary>
    /// <param name="make">Gives the model to go on with.</param>
    /// <param name="flops">Operations, where they are worth counting.</param>
    public Decoder Grow(Func<Decoder> make, double flops = 0)
    {
        var began = _work.Clock.GetTimestamp();
        var model = make();
        Compute.Spend(new(flops, _work.Clock.GetElapsedTime(began).TotalSeconds));
        return model;
    }

    private double Loss(Decoder model) => _text.Losses(model, _work, SplitPart.Validation).Mean;

    private sealed class StopAt(ComputeToLoss compute, double flops) : IHook
    {
        public void After(TrainingStep step)
        {
            if (compute.Total.Flops >= flops)
            {
                step.StopEarly();
            }
        }
    }
}
