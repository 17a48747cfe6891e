using Heirloom.Layers;
using Heirloom.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// A larger model whose new columns, heads, hidden neurons and layers count for a share c of what they will: at 0 it computes exactly what the small model computes, whatever its
/// new weights are and whatever its norms; training raises c to 1, where it is a model like any other and the masks go.
/// </summary>
/// <remarks>
/// Yao et al. 2024, section 4. Norms weigh new columns by c in their mean and variance and mask what they give; so nothing else that reads the stream needs a mask. New heads and
/// hidden neurons are masked where they are read, and a new layer gives <c>c · layer(x) + (1 − c) · x</c>. New weights are random, new layers copies of the layer below.
/// </remarks>
public sealed class MaskedGrowth<TModel> : IDisposable
    where TModel : class, IModel
{
    private readonly Dictionary<(Axis, int), (Tensor Own, Tensor Mask)> _masks = [];
    private readonly List<Action> _undo = [];
    private readonly AxisMaps _maps;
    private readonly ModelSize _large;
    private double _value;

    /// <param name="small">Pretrained; stays as it is.</param>
    /// <param name="large">As many tokens as before.</param>
    /// <param name="seed">Of new weights.</param>
    /// <exception cref="UserError">Growing does not cover the model, or its positions depend on a number of heads that grows.</exception>
    public MaskedGrowth(TModel small, ModelSize large, Seed seed)
    {
        large.RequireFrom(ModelSize.Of(small.Config));
        var grower = new Grower(small);
        var old = grower.Axes.Size;
        if (large.Vocabulary != old.Vocabulary)
        {
            throw new UserError("masks are for what lies between the tokens", "vocabulary", "extend it first");
        }

        _large = large;
        _maps = AxisMaps.Random(old, large, seed.For("maps"));
        var layers = LayerOrder.Interpolate(old.Layers, large.Layers);
        Model = (TModel)grower.Fill(large, layers, null, (own, source, fresh) => where(_maps.Own(own), _maps.Copy(grower[source.Name], source), fresh), seed.For("fresh"));
        Attach(new ModelAxes(Model), [.. Enumerable.Range(1, large.Layers - 1).Where(i => layers[i] == layers[i - 1])]);
    }

    /// <summary>The larger model; its hooks go with <see cref="Dispose"/>, it stays.</summary>
    public TModel Model { get; }

    /// <summary>c: 0 for the small model's function, 1 for the whole model.</summary>
    public double Mask
    {
        get => _value;
        set
        {
            _value = value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "a mask is a share");
            using var quiet = no_grad();
            using var scope = NewDisposeScope();
            foreach (var (own, mask) in _masks.Values)
            {
                mask.copy_(where(own, ones_like(mask), full_like(mask, value)));
            }
        }
    }

    /// <summary>Removes the masks; the model is then what it is at 1.</summary>
    public void Dispose()
    {
        _undo.ForEach(undo => undo());
        _undo.Clear();
        foreach (var (own, mask) in _masks.Values)
        {
            own.Dispose();
            mask.Dispose();
        }

        _masks.Clear();
    }

    private void Attach(ModelAxes axes, HashSet<int> added)
    {
        var block = axes.Block;
        var normed = false; // whether the stream enters the layers through a norm
        foreach (var (name, module) in Model.Module.named_modules())
        {
            if (axes.Weights.TryGetValue($"{name}.weight", out var weight) && weight.Role == WeightRole.Norm && MaskOf(weight.Dimensions[0]) is { } normMask)
            {
                OnNorm(module, normMask);
                normed |= name.EndsWith("embedding_norm", StringComparison.Ordinal) && block.Placement != NormPlacement.Pre && Model.Module.named_modules().All(m => !m.name.EndsWith("embedding_projection", StringComparison.Ordinal));
            }
            else if (module is Linear linear && weight is not null)
            {
                OnLinear(name, linear, weight);
            }
        }

        var blocks = Model.Module.named_modules().Select(m => m.module).OfType<TransformerBlock>().ToList();
        foreach (var (_, layer) in blocks.Index().Where(b => added.Contains(b.Index)))
        {
            _undo.Add(layer.register_forward_hook((_, x, _, _, y) => x.add(y.sub(x).mul(_value))).remove);
        }

        if (!normed && block.Placement is NormPlacement.Post or NormPlacement.Branch && MaskOf(new(Axis.Width)) is { } stream)
        {
            _undo.Add(blocks[0].register_forward_pre_hook((_, x, context, index) => (x.mul(stream.to(x.dtype)), context, index)).remove);
        }

        Mask = 0;
    }

    private void OnLinear(string name, Linear linear, WeightAxes weight)
    {
        var reads = weight.Dimensions[1];
        if (reads.Axis is Axis.Heads or Axis.FeedForward && MaskOf(reads) is { } inputs)
        {
            _undo.Add(linear.register_forward_pre_hook((_, x) => x.mul(inputs.to(x.dtype))).remove);
        }
        else if (name.Split('.')[^1] is "pooler" or "classifier_transform" && MaskOf(weight.Dimensions[0]) is { } outputs)
        {
            _undo.Add(linear.register_forward_hook((_, _, y) => y.mul(outputs.to(y.dtype))).remove);
        }
    }

    private void OnNorm(nn.Module module, Tensor mask)
    {
        var hooked = (nn.Module<Tensor, Tensor>)module;
        _undo.Add(hooked.register_forward_hook((norm, x, _) =>
        {
            using var scope = NewDisposeScope();
            var (wide, total) = (x.to(ScalarType.Float32), mask.sum());
            Tensor Mean(Tensor values) => values.mul(mask).sum(-1, keepdim: true).div(total);
            var (centered, epsilon, weight, bias) = norm switch
            {
                LayerNorm layer => (wide.sub(Mean(wide)), layer.eps, layer.weight, layer.bias),
                RmsNorm root => (wide, root.Epsilon, root.get_parameter("weight"), null),
                _ => throw new InvalidOperationException($"a {norm.GetType().Name} has no mask"),
            };
            var y = centered.mul(Mean(centered.square()).add(epsilon).rsqrt()).to(x.dtype).mul(weight!);
            return (bias is null ? y : y.add(bias)).mul(mask.to(x.dtype)).MoveToOuterDisposeScope();
        }).remove);
    }

    /// <summary>The mask of a dimension; null where its axis does not grow.</summary>
    private Tensor? MaskOf(WeightAxis dimension)
    {
        if (dimension.Axis == Axis.Fixed || !_maps.Grows(dimension.Axis))
        {
            return null;
        }

        var key = (dimension.Axis, dimension.Unit);
        if (!_masks.TryGetValue(key, out var known))
        {
            using var scope = NewDisposeScope();
            var device = Model.Module.parameters().First().device;
            var own = _maps[dimension.Axis].CopyMask(dimension.Unit).logical_not().to(device);
            _masks[key] = known = (own.DetachFromDisposeScope(), ones([(long)_large[dimension.Axis] * dimension.Unit], device: device).DetachFromDisposeScope());
        }

        return known.Mask;
    }
}
