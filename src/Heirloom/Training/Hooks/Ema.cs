using System.ComponentModel.DataAnnotations;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training.Hooks;

/// <summary>An exponential moving average of the weights.</summary>
public sealed record EmaConfig
{
    /// <summary>Share of the old average that an update keeps.</summary>
    [Range(0, 1)]
    public double Decay { get; init; } = 0.999;

    /// <summary>Keeps no more than (1 + n) / (10 + n) at update n, so that the initialization is soon forgotten.</summary>
    public bool WarmUp { get; init; } = true;

    /// <summary>Evaluates the averaged weights.</summary>
    public bool Evaluate { get; init; } = true;

    /// <summary>Leaves the averaged weights in the model at the end.</summary>
    public bool Keep { get; init; } = true;
}

/// <summary>Averages weights over steps (Polyak and Juditsky 1992); statistics of normalization and other buffers are the model's current ones.</summary>
public sealed class Ema : IHook, IResumable, IDisposable
{
    private const string UpdatesName = "updates";
    private readonly EmaConfig _config;
    private readonly List<(string Name, Tensor Weights, Tensor Average)> _pairs;
    private long _updates;

    /// <summary>Starts from the present weights.</summary>
    public Ema(EmaConfig config, nn.Module module)
    {
        using var _ = no_grad();
        _config = config;
        var seen = new HashSet<IntPtr>();
        _pairs = [.. module.named_parameters().Where(p => seen.Add(p.parameter.Handle)).Select(p =>
        {
            using var scope = NewDisposeScope();
            var wide = p.parameter.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? float32 : p.parameter.dtype;
            return (p.name, (Tensor)p.parameter, p.parameter.detach().to(wide, copy: true).DetachFromDisposeScope());
        })];
    }

    public string Name => "ema";

    public void After(TrainingStep step) => Update();

    /// <summary>Takes the present weights into the average.</summary>
    public void Update()
    {
        using var _ = no_grad();
        var decay = _config.WarmUp ? Math.Min(_config.Decay, (1.0 + _updates) / (10 + _updates)) : _config.Decay;
        _updates++;
        Scalar share = 1 - decay;
        foreach (var (_, weights, average) in _pairs)
        {
            using var scope = NewDisposeScope();
            average.add_(weights.to(average.dtype).sub(average), share);
        }

        GC.KeepAlive(share); // see KeptScalar
    }

    /// <summary>Puts the averages into the model until disposed; the weights come back bit for bit.</summary>
    public IDisposable SwapIn() => new Swap(_pairs);

    /// <summary><see cref="SwapIn"/> where evaluations are to see averages, else null.</summary>
    public IDisposable? ForEvaluation() => _config.Evaluate ? SwapIn() : null;

    public void AtEnd(IModel model)
    {
        if (_config.Keep)
        {
            Swap.Overwrite(_pairs);
        }
    }

    public IEnumerable<KeyValuePair<string, Tensor>> State() =>
        _pairs.Select(p => KeyValuePair.Create("average/" + p.Name, p.Average)).Prepend(new(UpdatesName, tensor(_updates, dtype: int64)));

    public void Load(IReadOnlyDictionary<string, Tensor> saved)
    {
        using var _ = no_grad();
        _updates = saved[UpdatesName].item<long>();
        foreach (var (name, _, average) in _pairs)
        {
            average.copy_(saved["average/" + name]);
        }
    }

    public void Dispose()
    {
        foreach (var (_, _, average) in _pairs)
        {
            average.Dispose();
        }
    }

    private sealed class Swap : IDisposable
    {
        private readonly List<(Tensor Weights, Tensor Saved)> _saved;

        public Swap(List<(string Name, Tensor Weights, Tensor Average)> pairs)
        {
            using var _ = no_grad();
            _saved = [.. pairs.Select(p => (p.Weights, p.Weights.detach().clone().DetachFromDisposeScope()))];
            Overwrite(pairs);
        }

        public static void Overwrite(List<(string Name, Tensor Weights, Tensor Average)> pairs)
        {
            using var _ = no_grad();
            foreach (var (_, weights, average) in pairs)
            {
                weights.copy_(average);
            }
        }

        public void Dispose()
        {
            using var _ = no_grad();
            foreach (var (weights, saved) in _saved)
            {
                weights.copy_(saved);
                saved.Dispose();
            }

            _saved.Clear();
        }
    }
}
