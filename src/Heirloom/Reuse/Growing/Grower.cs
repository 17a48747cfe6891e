using Heirloom.Layers;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>The value of a weight of a larger model.</summary>
/// <param name="own">The weight.</param>
/// <param name="source">The small model's weight that it comes from, whose layer may be another.</param>
/// <param name="fresh">What it would be in a model that starts from random weights.</param>
/// <returns>float32, of the shape of <paramref name="fresh"/>.</returns>
public delegate Tensor GrownWeight(WeightAxes own, WeightAxes source, Tensor fresh);

/// <summary>Builds a larger model weight by weight from a smaller one, which stays as it is.</summary>
public sealed class Grower
{
    private readonly IModel _small;
    private readonly Dictionary<string, Tensor> _weights;

    /// <exception cref="UserError">Growing does not cover the model, or a weight of it is no number.</exception>
    public Grower(IModel small)
    {
        Axes = new(small);
        _small = small;
        _weights = small.Module.state_dict();
        using var scope = NewDisposeScope();
        foreach (var (name, weight) in _weights)
        {
            if (!weight.isfinite().all().item<bool>())
            {
                throw new UserError("holds values that are not finite", name, "grow an earlier checkpoint: this one cannot be trained on");
            }
        }
    }

    /// <summary>Of the small model.</summary>
    public ModelAxes Axes { get; }

    /// <summary>A weight of the small model, float32 on the CPU.</summary>
    public Tensor this[string name] => _weights[name].to(float32, CPU);

    /// <summary>The larger model, on the device, of the type and in the mode of the small one.</summary>
    /// <param name="large">Its sizes; as many tokens as before.</param>
    /// <param name="layers">The old layer that each of its layers comes from.</param>
    /// <param name="maps">How its axes grow: by the copies of its inputs a tied head's norm is divided. Null where nothing is copied in width.</param>
    /// <param name="value">Makes each weight.</param>
    /// <param name="seed">Of fresh weights; the same for the same seed, whatever is made of them.</param>
    /// <param name="norm">Of all blocks; null for the norm that they have.</param>
    /// <exception cref="UserError">The model's positions depend on the number of heads, which grows (ALiBi).</exception>
    public IModel Fill(ModelSize large, IReadOnlyList<int> layers, AxisMaps? maps, GrownWeight value, Seed seed, NormConfig? norm = null)
    {
        if (Axes.HasAlibi && large.Heads != Axes.Size.Heads)
        {
            throw new UserError("a model with ALiBi has slopes that depend on its number of heads, which would grow", "positions", "keep its heads, or grow a model with other positions");
        }

        using var quiet = no_grad();
        var model = large.Apply(_small.Config, layers, norm).Build(seed);
        try
        {
            var axes = new ModelAxes(model);
            var shares = maps is not null && maps.Grows(Axis.Width) ? axes.TiedNorm : null;
            foreach (var (name, target) in model.Module.state_dict())
            {
                using var scope = NewDisposeScope();
                var own = axes.Weights[name];
                var filled = value(own, Axes.Weights[own.Layer is { } layer ? own.In(layers[layer]) : name], target.clone());
                target.copy_(shares is not null && name.StartsWith(shares, StringComparison.Ordinal) ? filled.div(maps![Axis.Width].Shares(1)) : filled);
            }

            var like = _weights.Values.First(w => w.is_floating_point());
            model.Module.to(like.dtype).to(like.device);
        }
        catch
        {
            model.Module.Dispose();
            throw;
        }

        model.Module.train(_small.Module.training);
        return model;
    }
}
