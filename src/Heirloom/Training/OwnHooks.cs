using Heirloom.Models;
using Heirloom.Training.Hooks;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>The caller's hooks between those that settings ask for: averages are taken before anything looks at them, stopping is decided after evaluations.</summary>
internal sealed class OwnHooks : IDisposable
{
    private readonly EarlyStopping? _stopping;

    public OwnHooks(LoopConfig config, nn.Module module, IReadOnlyList<IHook> hooks)
    {
        if (config.EarlyStopping is { } stopping && hooks.Count == 0)
        {
            throw new UserError("early stopping needs an evaluation, and there is none", "early_stopping", $"evaluate something that records '{stopping.Score}', or leave it out");
        }

        Ema = config.Ema is null ? null : new(config.Ema, module);
        _stopping = config.EarlyStopping is null ? null : new(config.EarlyStopping);
        All = [.. Ema is null ? [] : new IHook[] { Ema }, .. hooks, .. _stopping is null ? [] : new IHook[] { _stopping }];
    }

    public Ema? Ema { get; }

    public IReadOnlyList<IHook> All { get; }

    /// <summary>Calls the hooks that have not been called for this step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="done">Names of hooks that already hold the step in their memory; grows as they take it in, so that it is right also when a later hook throws.</param>
    public void After(TrainingStep step, ISet<string> done)
    {
        foreach (var hook in All)
        {
            var name = (hook as IResumable)?.Name;
            if (name is null || !done.Contains(name))
            {
                using var scope = NewDisposeScope();
                hook.After(step);
            }

            if (name is not null)
            {
                done.Add(name);
            }
        }
    }

    public void AtEnd(IModel model)
    {
        foreach (var hook in All)
        {
            using var scope = NewDisposeScope();
            hook.AtEnd(model);
        }
    }

    public void Dispose()
    {
        Ema?.Dispose();
        _stopping?.Dispose();
    }
}
