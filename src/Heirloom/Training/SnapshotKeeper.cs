using Heirloom.Models;
using Heirloom.Training.Hooks;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>Saves a training into its run and brings it back.</summary>
internal sealed class SnapshotKeeper(
    TrainingRun? run, LoopConfig config, IModel model, IReadOnlyList<Phase> phases, OptimizerSet optimizers, IReadOnlyList<IHook> hooks, IReadOnlyDictionary<string, string> identity)
{
    private const string Model = "model", OptimizerPrefix = "optimizer.", HookPrefix = "hook.";

    private IEnumerable<IResumable> Resumable => hooks.OfType<IResumable>();

    /// <summary>Reads nothing but values, so that training goes on as if it had not happened.</summary>
    public void Save(long step, StopReason? ended, BadStepState badSteps, UnfinishedStep? unfinished = null)
    {
        if (run is null)
        {
            return;
        }

        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, IReadOnlyList<KeyValuePair<string, Tensor>>> { [Model] = [.. model.Module.state_dict()] };
        foreach (var phase in phases)
        {
            tensors[OptimizerPrefix + phase.Name] = [.. optimizers[phase].State()];
        }

        foreach (var hook in Resumable)
        {
            tensors[HookPrefix + hook.Name] = [.. hook.State()];
        }

        Snapshot.Write(run.PathOf(step), new()
        {
            Step = step, Ended = ended, Identity = identity, BadSteps = badSteps, Unfinished = unfinished,
            Schedules = phases.ToDictionary(p => p.Name, p => RunIdentity.PastOf(p.Schedule, step, config.Steps)),
        }, tensors);
        run.Prune(config.KeepSnapshots);
    }

    /// <summary>Takes back the newest whole snapshot; null where there is none.</summary>
    /// <exception cref="UserError">It was made by other settings; the difference is named.</exception>
    public SnapshotState? Resume(WorkContext work)
    {
        foreach (var (step, path) in run?.Saved() ?? [])
        {
            if (Snapshot.Read(path) is not { } state)
            {
                work.Progress.Note($"{path}: damaged, so the one before it is used");
                continue;
            }

            Check(state, path);
            Load(path);
            work.Progress.Note($"resumed at step {step}");
            return state.Ended is StopReason.Completed && step < config.Steps ? state with { Ended = null } : state;
        }

        return null;
    }

    private void Check(SnapshotState state, string path)
    {
        const string mend = "resume with the settings it was begun with, or choose another folder";
        const string mendSchedule = "resume with the steps and schedule it was begun with, or with lengths of the schedule in steps, since shares of all steps move with them";
        if (RunIdentity.Difference(state.Identity, identity) is { } difference)
        {
            throw new UserError($"this run cannot go on: {difference}", path, mend);
        }

        if (state.Step > config.Steps)
        {
            throw new UserError($"this run has made {state.Step} steps already, more than the {config.Steps} asked for", path, mend);
        }

        foreach (var phase in phases)
        {
            if (state.Schedules.GetValueOrDefault(phase.Name) != RunIdentity.PastOf(phase.Schedule, state.Step, config.Steps))
            {
                throw new UserError(
                    $"this run cannot go on: with this schedule and {config.Steps} steps the learning rates of the {state.Step} steps made would have been others", path, mendSchedule);
            }
        }
    }

    private void Load(string path)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var saved = Snapshot.Tensors(path, Model);
        var current = model.Module.state_dict();
        if (current.Keys.Except(saved.Keys).Concat(saved.Keys.Except(current.Keys)).FirstOrDefault() is { } stray)
        {
            throw new UserError("only one of snapshot and model has this tensor", $"{path}: {stray}", "resume with the same model");
        }

        foreach (var (name, value) in current)
        {
            if (!value.shape.SequenceEqual(saved[name].shape))
            {
                throw new UserError($"shape [{string.Join(", ", saved[name].shape)}] was saved, the model has [{string.Join(", ", value.shape)}]", $"{path}: {name}", "resume with the same model");
            }

            value.copy_(saved[name]);
        }

        foreach (var phase in phases)
        {
            var state = Snapshot.Tensors(path, OptimizerPrefix + phase.Name);
            optimizers[phase].Load(name => state.GetValueOrDefault(name)
                ?? throw new UserError("the snapshot lacks this optimizer state", $"{path}: {name}", "resume with the same trainable parameters"));
        }

        foreach (var hook in Resumable)
        {
            hook.Load(Snapshot.Tensors(path, HookPrefix + hook.Name));
        }
    }
}
