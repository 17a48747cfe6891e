using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>Adapters beside every feed-forward network (AdaptFormer).</summary>
[Kind("adapter")]
public sealed record BottleneckAdapterConfig : TuningConfig
{
    /// <summary>Width of the bottleneck, d̂.</summary>
    [Range(1, 1 << 20)]
    public int Width { get; init; } = 64;

    /// <summary>Factor on the adapter's output, s.</summary>
    [Range(0.0, 1000.0)]
    public double Scale { get; init; } = 0.1;

    public override BottleneckAdapter Build(IModel model, Seed seed) => new(this, model, seed);
}

/// <summary><c>FFN(x) + s · up(ReLU(down(x)))</c> in every layer; up starts at zero.</summary>
/// <remarks>Chen et al. 2022, "AdaptFormer", equations 3 and 4: in parallel to the feed-forward network, of which it reads the normalized input.</remarks>
public sealed class BottleneckAdapter : TuningModule
{
    private readonly Scalar _scale;

    [ComponentName(Name = "down")]
    private readonly ModuleList<Linear> _down;

    [ComponentName(Name = "up")]
    private readonly ModuleList<Linear> _up;

    internal BottleneckAdapter(BottleneckAdapterConfig config, IModel model, Seed seed) : base(nameof(BottleneckAdapter))
    {
        _scale = config.Scale;
        var widths = FeedForwards(model.Module).Select(f => f.get_parameter("up.weight")!.shape[1]).ToList();
        _down = new([.. widths.Select(w => Projections.Linear(w, config.Width, bias: true))]);
        _up = new([.. widths.Select(w => Projections.Linear(config.Width, w, bias: true))]);
        using var quiet = no_grad();
        for (var i = 0; i < widths.Count; i++)
        {
            using var generator = seed.For("down", i).Generator();
            var bound = 1 / Math.Sqrt(widths[i]); // He et al. 2015 with the slope √5 of the published code
            _down[i].weight!.uniform_(-bound, bound, generator);
        }

        RegisterComponents();
    }

    protected override void AttachTo(nn.Module model)
    {
        foreach (var (i, layer) in FeedForwards(model).Index())
        {
            HookOutput(layer, (x, y) => y.add(_up[i].call(_down[i].call(x).relu()), _scale));
        }
    }

    private static IEnumerable<FeedForward> FeedForwards(nn.Module model) => model.named_modules().Select(m => m.module).OfType<FeedForward>();
}
