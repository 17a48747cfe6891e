using Heirloom.Models;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// bert2BERT's function-preserving initialization: neurons, whole heads, columns of the embedding and norms are copied by random mappings, and what reads copies gives
/// each its share; layers are stacked.
/// </summary>
/// <remarks>
/// Chen et al. 2022, sections 3.3 and 3.4. Where a norm's width grows to no multiple, copies weigh unevenly in its statistics and the outputs change a little, as in the
/// paper. Copies are drawn without replacement (<see cref="AxisMap.Random"/>), so that multiples are exact.
/// </remarks>
[Kind("bert2bert-fpi")]
public sealed record FunctionPreservingGrowthConfig : GrowthConfig
{
    public override string? Changes(ModelAxes small, ModelSize large) =>
        Uneven(small, large) ?? (small.Size.Layers == large.Layers ? null : "a stack of copies computes other things than one");

    protected override IModel Expand(Grower small, ModelSize large, Seed seed)
    {
        var maps = AxisMaps.Random(small.Axes.Size, large, seed.For("maps"));
        return small.Fill(large, LayerOrder.Stack(small.Axes.Size.Layers, large.Layers), maps, (_, source, _) => maps.Widen(small[source.Name], source), new(0));
    }
}
