using Heirloom.Core.Ranks;
using Heirloom.Models;
using Heirloom.Training.Hooks;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>
/// Saves a training into its run and brings it back. Values are copied in the loop and written beside it, one snapshot at a time; disposing waits for the last.
/// </summary>
internal sealed class SnapshotKeeper(
    TrainingRun? run, LoopConfig config, IModel model, IReadOnlyList<Phase> phases, OptimizerSet optimizers, IReadOnlyList<IHook> hooks, IReadOnlyDictionary<string, string> identity,
    WorkContext work) : IDisposable
{
    private const string Model = "model", OptimizerPrefix = "optimizer.", HookPrefix = "hook.";

    private Task _writing = Task.CompletedTask;
    private SnapshotCopies? _copies;

    private IEnumerable<IResumable> Resumable => hooks.OfType<IResumable>();

    /// <summary>Reads nothing but values, so that training goes on as if it had not happened. Waits until the snapshot before it is written.</summary>
    /// <exception cref="UserError">That one could not be written.</exception>
    public void Save(long step, StopReason? ended, BadStepState badSteps, UnfinishedStep? unfinished = null)
    {
        if (run is null)
        {
            return;
        }

        work.Ranks.Together(Wait);
        var copies = Copies();
        if (!work.Ranks.Leads)
        {
            return;
        }

        var state = Snapshot.Frozen(new()
        {
            Step = step, Ended = ended, Identity = identity, BadSteps = badSteps, Unfinished = unfinished, Schedules = new Dictionary<string, string>(),
        });
        _copies = copies;
        _writing = Task.Factory.StartNew(
            () =>
            {
                var pasts = phases.ToDictionary(p => p.Name, p => RunIdentity.PastOf(p.Schedule, step, config.Steps)); // takes long after many steps
                Snapshot.Write(run.PathOf(step), state with { Schedules = pasts }, copies.Tensors);
                run.Prune(config.KeepSnapshots);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Says what went wrong with a snapshot that was being written, and waits for nothing.</summary>
    /// <exception cref="UserError">It could not be written.</exception>
    public void Check()
    {
        if (_writing.IsCompleted)
        {
            Wait();
        }
    }

    /// <summary>Waits until the last snapshot is on the disk.</summary>
    /// <exception cref="UserError">It could not be written.</exception>
    public void Wait()
    {
        var writing = _writing;
        Dispose();
        _writing = Task.CompletedTask; // an error is told once
        writing.GetAwaiter().GetResult();
    }

    /// <summary>Whatever ends the training, the snapshot under way is finished first; its error would hide the one that is being told.</summary>
    public void Dispose()
    {
        ((IAsyncResult)_writing).AsyncWaitHandle.WaitOne();
        _copies?.Dispose(); // by the thread that made them, since tensors are counted by thread
        _copies = null;
    }

    /// <summary>Takes back the newest whole snapshot; null where there is none.</summary>
    /// <exception cref="UserError">It was made by other settings; the difference is named.</exception>
    public SnapshotState? Resume()
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

    /// <summary>What is to be written; nothing but this rank's share in the gathering where it does not write.</summary>
    private SnapshotCopies Copies()
    {
        using var scope = NewDisposeScope();
        var copies = new SnapshotCopies();
        foreach (var phase in phases)
        {
            copies.Add(OptimizerPrefix + phase.Name, optimizers[phase].State());
        }

        if (!work.Ranks.Leads)
        {
            return copies;
        }

        copies.Add(Model, model.Module.state_dict());

        foreach (var hook in Resumable)
        {
            copies.Add(HookPrefix + hook.Name, hook.State());
        }

        return copies;
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
