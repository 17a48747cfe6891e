using Heirloom.Core.Ranks;
using Heirloom.Models;
using Heirloom.Training.Hooks;
using Heirloom.Training.Metrics;
using Heirloom.Training.Precision;
using Heirloom.Training.Ranks;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>Runs phases step by step until all steps are made, with hooks, metrics and snapshots; owns every tensor that a step makes.</summary>
/// <param name="config">Settings.</param>
/// <param name="seed">All randomness of the training: each step and phase has a child of its own, so that nothing needs to be replayed or saved.</param>
/// <param name="work">Device, progress, stop.</param>
public sealed class TrainingLoop(LoopConfig config, Seed seed, WorkContext work)
{
    /// <summary>Trains the phases' parameters in place.</summary>
    /// <param name="model">Holds all that is trained and all state of it; already on the device.</param>
    /// <param name="phases">Run in this order at each step.</param>
    /// <param name="data">Fingerprint of what the phases read.</param>
    /// <param name="run">Where metrics and snapshots go; null to keep nothing.</param>
    /// <param name="hooks">Called in this order after each step.</param>
    public TrainingResult Run(IModel model, IReadOnlyList<Phase> phases, string data, TrainingRun? run = null, params IReadOnlyList<IHook> hooks)
    {
        foreach (var phase in phases.Where(p => p.Parameters.Count == 0))
        {
            throw new UserError("no parameter of the model is trainable", phase.Name, "unfreeze some");
        }

        var bfloat16 = config.Precision.UsesBFloat16(work.Device, model.Module.parameters().Sum(p => p.numel()));
        SameModel.AsLeaders(model.Module, work.Ranks);
        using var own = new OwnHooks(config, model.Module, hooks);
        using var optimizers = new OptimizerSet(phases, work.Ranks);
        using var keeper = new SnapshotKeeper(run, config, model, phases, optimizers, own.All, RunIdentity.Of(model, config, phases, data, seed, bfloat16), work);
        var resumed = work.Ranks.Together(keeper.Resume);
        var start = resumed?.Step ?? 0;
        using var metrics = run is null || !work.Ranks.Leads ? null : new MetricsLog(run.Folder, start, work.Clock);
        var bad = new BadSteps(config, work, data, resumed?.BadSteps ?? new());
        using var report = new StepReport(config, phases, metrics, work, start);

        var (made, reason, unfinished, saved) = (start, resumed?.Ended, resumed?.Unfinished, resumed is not null);
        model.Module.train();
        while (reason is null)
        {
            var stop = work.Ranks.TogetherAny(() =>
            {
                keeper.Check();
                return work.Stop.IsCancellationRequested;
            });
            if (made >= config.Steps && unfinished is null)
            {
                reason = StopReason.Completed;
            }
            else if (stop)
            {
                reason = StopReason.Interrupted;
            }
            else if (made >= run?.StopAt && unfinished is null)
            {
                reason = StopReason.Paused;
            }
            else
            {
                using var scope = NewDisposeScope();
                if (unfinished is null)
                {
                    var loss = Update(model, phases, optimizers, bad, report, made, bfloat16);
                    made++;
                    unfinished = new(loss, report.EndUpdate(made, loss), []);
                    if (made == config.Steps && hooks.Count > 0)
                    {
                        keeper.Save(made, null, bad.State, unfinished); // whatever becomes of the last evaluation, the training is not lost
                    }
                }
                else
                {
                    report.TakeBack(unfinished.Values);
                }

                var step = new TrainingStep { Step = made, Config = config, Model = model, Loss = unfinished.Loss, Ema = own.Ema };
                saved = false;
                var ending = false;
                try
                {
                    ending = work.Ranks.TogetherAny(() =>
                    {
                        own.After(step, unfinished.Hooks);
                        return step is { StopAsked: true, Last: false };
                    });
                }
                catch (OperationCanceledException) when (work.Stop.IsCancellationRequested || work.Ranks.Count > 1)
                {
                    reason = StopReason.Interrupted;
                    continue;
                }

                unfinished = null;
                report.Write(step);
                reason = ending ? StopReason.EarlyStopped : null;
                if (reason is null && !step.Last && config.SaveEvery > 0 && made % config.SaveEvery == 0)
                {
                    keeper.Save(made, null, bad.State);
                    saved = true;
                }
            }
        }

        var over = reason is StopReason.Completed or StopReason.EarlyStopped;
        if (!saved)
        {
            keeper.Save(made, over ? reason : null, bad.State, unfinished);
        }

        work.Ranks.Together(keeper.Wait);
        if (over)
        {
            own.AtEnd(model);
        }

        return new()
        {
            Steps = made, StopReason = reason.Value, Losses = report.Losses, Scores = report.LastScores, Skipped = bad.Skipped, Elapsed = report.Elapsed,
        };
    }

    /// <summary>Makes the updates of a step and gives its loss (that of its last phase).</summary>
    private double Update(IModel model, IReadOnlyList<Phase> phases, OptimizerSet optimizers, BadSteps bad, StepReport report, long index, bool bfloat16)
    {
        var here = seed.For("step", index);
        var loss = double.NaN;
        foreach (var phase in phases.Where(p => index % p.Every == 0))
        {
            var optimizer = optimizers[phase];
            optimizer.ZeroGradients();
            var gradient = optimizer.Gradient(() => OutOfMemory.Told(() => GradientSums.Of(phase, index, here.For(phase.Name), work, bfloat16), index));
            loss = gradient.Loss;
            var factor = phase.Schedule.At(index, config.Steps);
            report.Add(phase, gradient, factor);
            if (!gradient.IsEmpty && work.Ranks.Alike(() => bad.Accept(phase, gradient, index)))
            {
                optimizer.Step(factor, gradient.Scale * Clip(phase.ClipNorm, gradient.Norm));
            }
        }

        // freed before hooks run, so that an evaluation has the memory
        foreach (var phase in phases)
        {
            optimizers[phase].ZeroGradients();
        }

        SameModel.BuffersAsLeaders(model.Module, work.Ranks);
        return loss;
    }

    /// <summary>As torch's clip_grad_norm_ has it, small addend included.</summary>
    private static double Clip(double? bound, double norm) => bound is { } most ? Math.Min(1, most / (norm + 1e-6)) : 1;
}
