using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>The mappings of all axes of one growth in width, which fit each other: a copy of a query head stands in a group whose keys are a copy of its own group's.</summary>
public sealed class AxisMaps
{
    private readonly Dictionary<Axis, AxisMap> _maps = [];

    private AxisMaps(ModelSize small, ModelSize large, Func<Axis, int, int, AxisMap> map)
    {
        foreach (var axis in (Axis[])[Axis.Width, Axis.FeedForward, Axis.KeyHeads])
        {
            _maps[axis] = map(axis, small[axis], large[axis]);
        }

        _maps[Axis.Heads] = QueryHeads(small, large, map);
    }

    /// <summary>How an axis grows.</summary>
    public AxisMap this[Axis axis] => _maps[axis];

    /// <summary>Whole copies of every axis, one after the other.</summary>
    /// <exception cref="UserError">Query heads of a group would be lost.</exception>
    public static AxisMaps Cyclic(ModelSize small, ModelSize large) => new(small, large, (_, old, grown) => AxisMap.Cyclic(old, grown));

    /// <summary>Mappings that copy at random what is copied.</summary>
    /// <inheritdoc cref="Cyclic"/>
    public static AxisMaps Random(ModelSize small, ModelSize large, Seed seed) => new(small, large, (axis, old, grown) => AxisMap.Random(old, grown, seed.For($"{axis}/{old}/{grown}")));

    /// <summary>
    /// The weight in a wider model that computes the same: dimensions that run over outputs are copied; along inputs, every copy takes its share (Chen et al. 2022,
    /// equations 4 to 6).
    /// </summary>
    /// <param name="weight">float32; left as it is.</param>
    /// <param name="axes">What it runs over. Its rows of tokens stay.</param>
    public Tensor Widen(Tensor weight, WeightAxes axes) => Spread(weight, axes, shared: true);

    /// <summary>The weight with every dimension copied and nothing shared.</summary>
    /// <inheritdoc cref="Widen"/>
    public Tensor Copy(Tensor weight, WeightAxes axes) => Spread(weight, axes, shared: false);

    /// <summary>Which entries of the wider weight are no copies in any dimension: where the old weight stands.</summary>
    /// <param name="axes">What it runs over.</param>
    /// <returns>bool; along dimensions that do not grow of size 1.</returns>
    public Tensor Own(WeightAxes axes)
    {
        using var scope = NewDisposeScope();
        var own = ones(Along(axes, -1), ScalarType.Bool);
        foreach (var (index, dimension) in axes.Dimensions.Index().Where(d => Grows(d.Item.Axis)))
        {
            own = own.logical_and(_maps[dimension.Axis].CopyMask(dimension.Unit).logical_not().view(Along(axes, index)));
        }

        return own.MoveToOuterDisposeScope();
    }

    /// <summary>Which outputs of the wider weight are copies.</summary>
    /// <param name="axes">What it runs over.</param>
    /// <returns>bool, <c>[outputs, 1, …]</c>; null where its outputs do not grow.</returns>
    public Tensor? CopiedOutputs(WeightAxes axes)
    {
        using var scope = NewDisposeScope();
        return Grows(axes.Dimensions[0].Axis) ? _maps[axes.Dimensions[0].Axis].CopyMask(axes.Dimensions[0].Unit).view(Along(axes, 0)).MoveToOuterDisposeScope() : null;
    }

    /// <summary>Whether the axis has a mapping and that changes anything.</summary>
    public bool Grows(Axis axis) => _maps.TryGetValue(axis, out var map) && !map.IsIdentity;

    private Tensor Spread(Tensor weight, WeightAxes axes, bool shared)
    {
        using var scope = NewDisposeScope();
        var value = weight;
        foreach (var (index, dimension) in axes.Dimensions.Index().Where(d => Grows(d.Item.Axis)))
        {
            var map = _maps[dimension.Axis];
            value = value.index_select(index, map.Entries(dimension.Unit));
            value = shared && dimension.Summed ? value.div(map.Shares(dimension.Unit).view(Along(axes, index))) : value;
        }

        return value.alias().MoveToOuterDisposeScope();
    }

    /// <summary>A shape of ones, but for one dimension.</summary>
    private static long[] Along(WeightAxes axes, int index) => [.. axes.Dimensions.Select((_, i) => i == index ? -1L : 1L)];

    /// <summary>Every copy of a group of query heads takes its heads in turn; the first copies hold each of them.</summary>
    private AxisMap QueryHeads(ModelSize small, ModelSize large, Func<Axis, int, int, AxisMap> map)
    {
        var (keys, old, grown) = (_maps[Axis.KeyHeads], small.Heads / small.KeyHeads, large.Heads / large.KeyHeads);
        var sources = new int[large.Heads];
        for (var group = 0; group < small.KeyHeads; group++)
        {
            int[] slots = [.. keys.Sources.Index().Where(s => s.Item == group).SelectMany(s => Enumerable.Range(s.Index * grown, grown))];
            if (slots.Length < old)
            {
                throw new UserError($"{old} query heads of a group would become {slots.Length}", "kv-heads", "ask for fewer key and value heads or more heads");
            }

            // as many heads to a group as before: each copy of a group is the whole group
            var within = old == grown ? AxisMap.Cyclic(old, slots.Length) : map(Axis.Heads, old, slots.Length);
            foreach (var (slot, source) in slots.Zip(within.Sources))
            {
                sources[slot] = (group * old) + source;
            }
        }

        return new(small.Heads, sources);
    }
}
