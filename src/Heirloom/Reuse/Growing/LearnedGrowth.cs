using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Objectives;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// LiGO: every weight of the larger model is a learned linear function of the small model's weights, <c>W'_l = Σ_k ω_lk · B_k W_k A_kᵀ</c>. What is trained, briefly, are the matrices B
/// and A of the axes and the shares ω of the layers; then the larger model is trained as usual. They begin as copies and stacking, so that training starts from bert2BERT's
/// function-preserving initialization.
/// </summary>
/// <remarks>
/// Wang et al. 2023, section 3. The stream has one pair of matrices for the whole model, heads and hidden neurons one for each layer, each kind of weight its own shares of layers; heads are
/// combined whole. The norm before a tied head has the stream's A. Give this to a trainer in the model's place, with <see cref="LearnedGrowth.Objective"/>.
/// </remarks>
public sealed class LearnedGrowth<TModel> : nn.Module, IModel
    where TModel : class, IModel
{
    private readonly Func<TModel> _model; // not the model itself, which would make it a part of what is trained
    private readonly Grower _small;
    private readonly ModelAxes _axes;
    private readonly AxisMaps _maps;
    private readonly Dictionary<string, Parameter> _operators = [];

    /// <param name="small">Pretrained; stays as it is.</param>
    /// <param name="large">As many tokens as before.</param>
    /// <param name="seed">Of the copies from which the matrices begin.</param>
    /// <exception cref="UserError">Growing does not cover the model or these sizes.</exception>
    public LearnedGrowth(TModel small, ModelSize large, Seed seed) : base(nameof(LearnedGrowth<>))
    {
        large.RequireFrom(ModelSize.Of(small.Config));
        _small = new(small);
        var old = _small.Axes.Size;
        if (large.Vocabulary != old.Vocabulary)
        {
            throw new UserError("learned operators are for what lies between the tokens", "vocabulary", "extend it first");
        }

        _maps = AxisMaps.Random(old, large, seed.For("maps"));
        var layers = LayerOrder.Stack(old.Layers, large.Layers);
        var model = (TModel)_small.Fill(large, layers, _maps, (_, source, _) => _maps.Widen(_small[source.Name], source), new(0));
        (_model, _axes) = (() => model, new(model));
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var pairs = from weight in _small.Axes.Weights.Values
                    from dimension in weight.Dimensions
                    where _maps.Grows(dimension.Axis)
                    select (dimension.Axis, Layer: Own(dimension.Axis, weight.Layer), dimension.Summed);
        foreach (var (axis, layer, summed) in pairs.Distinct().Order())
        {
            var copies = zeros(large[axis], old[axis]).scatter_(1, _maps[axis].Entries(1).unsqueeze(1), ones(large[axis], 1));
            Add(Name(axis, layer, summed), summed ? copies.div(_maps[axis].Shares(1).unsqueeze(1)) : copies);
        }

        if (large.Layers > old.Layers)
        {
            foreach (var part in _axes.Weights.Values.Where(w => w.Layer is not null).Select(w => w.Part).Distinct().Order(StringComparer.Ordinal))
            {
                Add(Name(part), zeros(large.Layers, old.Layers).scatter_(1, tensor([.. layers.Select(l => (long)l)]).unsqueeze(1), ones(large.Layers, 1)));
            }
        }
    }

    /// <summary>Of the larger model.</summary>
    public ModelConfig Config => _model().Config;

    /// <summary>The larger model with the weights that the operators now give; it is the caller's.</summary>
    public TModel Grown()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        Put(Expanded());
        return _model();
    }

    /// <summary>The larger model, with the weights that it was last given.</summary>
    internal TModel Model => _model();

    public override void train(bool train = true)
    {
        base.train(train);
        _model().Module.train(train);
    }

    internal void Put(Dictionary<string, Tensor> weights)
    {
        using var quiet = no_grad();
        foreach (var (name, parameter) in _model().Module.named_parameters())
        {
            parameter.copy_(weights[name]);
        }
    }

    /// <summary>All weights of the larger model, with their dependence on the operators.</summary>
    internal Dictionary<string, Tensor> Expanded()
    {
        var old = _small.Axes.Size.Layers;
        var widened = new Dictionary<string, Tensor>();
        return _axes.Weights.Values.ToDictionary(w => w.Name, own =>
        {
            var tied = _axes.TiedNorm is { } norm && own.Name.StartsWith(norm, StringComparison.Ordinal);
            if (own.Layer is not { } layer || !_operators.TryGetValue(Name(own.Part), out var shares))
            {
                return Widened(own.Name, tied);
            }

            return shares[layer].matmul(stack([.. Enumerable.Range(0, old).Select(k => Widened(own.In(k), tied).flatten())])).view(Shape(own));
        });

        Tensor Widened(string name, bool tied)
        {
            var key = tied ? $"{name} tied" : name;
            return widened.TryGetValue(key, out var known) ? known : widened[key] = Widen(_small.Axes.Weights[name], tied);
        }
    }

    private Tensor Widen(WeightAxes weight, bool tied)
    {
        var value = _small[weight.Name];
        foreach (var (index, dimension) in weight.Dimensions.Index().Where(d => _maps.Grows(d.Item.Axis)))
        {
            // [old items, unit, the rest] by [new items, old items]
            var matrix = _operators[Name(dimension.Axis, Own(dimension.Axis, weight.Layer), dimension.Summed || tied)];
            var front = value.movedim([index], [0]);
            var rest = front.shape[1..];
            value = matrix.matmul(front.reshape(matrix.shape[1], -1)).view([matrix.shape[0] * dimension.Unit, .. rest]).movedim([0], [index]);
        }

        return value;
    }

    private long[] Shape(WeightAxes weight) => [.. weight.Dimensions.Zip(_small[_small.Axes.Weights.ContainsKey(weight.Name) ? weight.Name : weight.In(0)].shape, (d, s) => d.Axis == Axis.Fixed ? s : (long)_axes.Size[d.Axis] * d.Unit)];

    private void Add(string name, Tensor start)
    {
        _operators[name] = ModuleWeight.Of(start);
        register_parameter(name, _operators[name]);
    }

    /// <summary>The stream is one for all layers; heads and neurons are each layer's own.</summary>
    private static int Own(Axis axis, int? layer) => axis == Axis.Width ? -1 : layer ?? -1;

    private static string Name(Axis axis, int layer, bool summed) => $"{axis}_{(summed ? "in" : "out")}{(layer < 0 ? "" : $"_{layer}")}";

    private static string Name(string part) => $"layers_{part.Replace('.', '_')}";
}

/// <summary>How learned operators are trained.</summary>
public static class LearnedGrowth
{
    /// <summary>What is minimized: the larger model's loss, as a function of the operators.</summary>
    /// <param name="inner">The larger model's.</param>
    public static Objective<LearnedGrowth<TModel>, TBatch> Objective<TModel, TBatch>(Objective<TModel, TBatch> inner)
        where TModel : class, IModel
        where TBatch : IBatch<TBatch> => (growth, batch, seed) =>
        {
            // two passes: the model's own, to its weights, and from those, which are linear in the operators, on to these
            var model = growth.Model;
            var weights = growth.Expanded();
            growth.Put(weights);
            var parameters = model.Module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
            foreach (var parameter in parameters.Values)
            {
                parameter.grad = null;
            }

            var loss = inner(model, batch, seed);
            loss.Total.backward();
            var product = weights.Where(w => parameters[w.Key].grad is not null).Aggregate(zeros(1).sum(), (sum, w) => sum.add(w.Value.mul(parameters[w.Key].grad!.detach()).sum(), KeptScalar.One));
            return loss with { Total = product.sub(product.detach()).add(loss.Total.detach(), KeptScalar.One) };
        };
}
