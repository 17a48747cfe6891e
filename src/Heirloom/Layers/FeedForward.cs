using System.ComponentModel.DataAnnotations;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>A feed-forward network's settings.</summary>
public sealed record FeedForwardConfig : IExample<FeedForwardConfig>
{
    public static FeedForwardConfig Example => new() { Width = 32 };

    /// <summary>Hidden width.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    public Activation Activation { get; init; } = Activation.Silu;

    /// <summary>Multiplies by a second projection: SwiGLU, GEGLU, ReGLU (Shazeer 2020).</summary>
    public bool Gated { get; init; } = true;

    public bool Bias { get; init; }

    /// <summary>Dropped share of the hidden vector.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }
}

/// <summary><c>down(act(up(x)))</c>, or gated <c>down(act(gate(x)) ⊙ up(x))</c>.</summary>
public sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    private readonly FeedForwardConfig _config;

    [ComponentName(Name = "up")]
    private readonly Linear _up;

    [ComponentName(Name = "gate")]
    private readonly Linear? _gate;

    [ComponentName(Name = "down")]
    private readonly Linear _down;

    /// <param name="width">Width of input and output.</param>
    /// <param name="config">Hidden width and form.</param>
    public FeedForward(long width, FeedForwardConfig config) : base(nameof(FeedForward))
    {
        _config = config;
        _up = Projections.Linear(width, config.Width, config.Bias);
        _gate = config.Gated ? Projections.Linear(width, config.Width, config.Bias) : null;
        _down = Projections.Linear(config.Width, width, config.Bias);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var hidden = _gate is null
            ? _config.Activation.Apply(_up.call(x))
            : _config.Activation.Apply(_gate.call(x)).mul(_up.call(x));
        return _down.call(Dropping.Apply(hidden, _config.Dropout, training)).MoveToOuterDisposeScope();
    }
}
