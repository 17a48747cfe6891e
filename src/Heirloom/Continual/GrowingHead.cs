using Heirloom.Layers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Continual;

/// <summary>A linear classifier that gets new outputs with every task.</summary>
internal sealed class GrowingHead : nn.Module
{
    private readonly int _width;
    private readonly Seed _seed;

    [ComponentName(Name = "tasks")]
    private readonly ModuleList<Linear> _tasks = [];

    /// <param name="width">Features, D.</param>
    /// <param name="seed">Of the weights.</param>
    public GrowingHead(int width, Seed seed) : base(nameof(GrowingHead))
    {
        (_width, _seed) = (width, seed);
        RegisterComponents();
    }

    /// <summary>Outputs for so many new classes, on a device.</summary>
    public void Grow(int classes, Device device)
    {
        var head = Projections.Linear(_width, classes, bias: true);
        using var generator = _seed.For("task", _tasks.Count).Generator();
        using (no_grad())
        {
            head.weight!.normal_(0, 0.02, generator);
        }

        head.to(device);
        _tasks.Add(head);
    }

    /// <returns><c>[N, new classes]</c> logits of the newest task.</returns>
    public Tensor Newest(Tensor features_ND) => _tasks[^1].call(features_ND);

    /// <returns><c>[N, seen classes]</c> logits.</returns>
    public Tensor All(Tensor features_ND)
    {
        using var scope = NewDisposeScope();
        return cat([.. _tasks.Select(t => t.call(features_ND))], 1).MoveToOuterDisposeScope();
    }
}
