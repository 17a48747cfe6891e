using System.ComponentModel.DataAnnotations;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Training.Hooks;

/// <summary>When to stop before the last step.</summary>
public sealed record EarlyStoppingConfig : IExample<EarlyStoppingConfig>
{
    public static EarlyStoppingConfig Example => new() { Score = "loss" };

    /// <summary>Name of a score that an evaluation records.</summary>
    public required string Score { get; init; }

    /// <summary>Whether more is better (accuracy) or less (loss).</summary>
    public bool Higher { get; init; }

    /// <summary>Evaluations without improvement that are put up with.</summary>
    [Range(0, 1_000_000)]
    public int Patience { get; init; } = 3;

    /// <summary>Smallest change that counts as improvement.</summary>
    [Range(0, 1e12)]
    public double MinDelta { get; init; }

    /// <summary>Gives the model its best weights at the end.</summary>
    public bool RestoreBest { get; init; } = true;
}

/// <summary>Stops training when a score has not improved for a while, and remembers the best weights (Prechelt 1998).</summary>
public sealed class EarlyStopping(EarlyStoppingConfig config) : IHook, IResumable, IDisposable
{
    private const string BestName = "best", WaitedName = "waited", WeightsPrefix = "weights/";
    private readonly Dictionary<string, Tensor> _weights = [];
    private long _waited;

    public string Name => "early_stopping";

    /// <summary>The best score so far; NaN before the first.</summary>
    public double Best { get; private set; } = double.NaN;

    public void After(TrainingStep step)
    {
        if (step.Scores.Count == 0)
        {
            return;
        }

        if (!step.Scores.TryGetValue(config.Score, out var score))
        {
            throw new UserError($"no evaluation records a score '{config.Score}'", "early_stopping.score", UserError.Nearest(config.Score, step.Scores.Keys));
        }

        var better = double.IsNaN(Best) ? !double.IsNaN(score)
            : config.Higher ? score > Best + config.MinDelta : score < Best - config.MinDelta;
        if (better)
        {
            Improve(step, score);
        }
        else if (++_waited > config.Patience)
        {
            step.StopEarly();
        }
    }

    public void AtEnd(IModel model)
    {
        if (config.RestoreBest && _weights.Count > 0)
        {
            using var _ = no_grad();
            foreach (var (name, value) in model.Module.state_dict())
            {
                value.copy_(_weights[name]);
            }
        }
    }

    public IEnumerable<KeyValuePair<string, Tensor>> State()
    {
        yield return new(BestName, tensor(Best, dtype: float64));
        yield return new(WaitedName, tensor(_waited, dtype: int64));
        foreach (var (name, value) in _weights)
        {
            yield return new(WeightsPrefix + name, value);
        }
    }

    public void Load(IReadOnlyDictionary<string, Tensor> saved)
    {
        Best = saved[BestName].item<double>();
        _waited = saved[WaitedName].item<long>();
        foreach (var (name, value) in saved.Where(s => s.Key.StartsWith(WeightsPrefix, StringComparison.Ordinal)))
        {
            Keep(name[WeightsPrefix.Length..], value);
        }
    }

    public void Dispose()
    {
        foreach (var value in _weights.Values)
        {
            value.Dispose();
        }
    }

    private void Improve(TrainingStep step, double score)
    {
        (Best, _waited) = (score, 0);
        if (config.RestoreBest)
        {
            using var averaged = step.Ema?.ForEvaluation();
            foreach (var (name, value) in step.Model.Module.state_dict())
            {
                Keep(name, value);
            }
        }
    }

    private void Keep(string name, Tensor value)
    {
        using var _ = no_grad();
        if (_weights.TryGetValue(name, out var kept))
        {
            kept.copy_(value);
        }
        else
        {
            _weights[name] = value.detach().clone().DetachFromDisposeScope();
        }
    }
}
