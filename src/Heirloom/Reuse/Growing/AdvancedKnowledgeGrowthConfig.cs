using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// bert2BERT's advanced knowledge initialization: as <see cref="FunctionPreservingGrowthConfig"/>, but new neurons and heads of a layer are copies of those of the layer above,
/// which breaks their symmetry and brings what is learned above further down. The top layer has none above it.
/// </summary>
/// <remarks>Chen et al. 2022, section 3.3.2, equations 8 to 10. Norms and embeddings are copied as before.</remarks>
[Kind("bert2bert-aki")]
public sealed record AdvancedKnowledgeGrowthConfig : GrowthConfig
{
    public override string? Changes(ModelAxes small, ModelSize large) => "new neurons are those of the layer above";

    protected override IModel Expand(Grower small, ModelSize large, Seed seed)
    {
        var maps = AxisMaps.Random(small.Axes.Size, large, seed.For("maps"));
        return small.Fill(large, LayerOrder.Stack(small.Axes.Size.Layers, large.Layers), maps, (_, source, _) => FromAbove(small, maps, source), new(0));
    }

    private static Tensor FromAbove(Grower small, AxisMaps maps, WeightAxes source)
    {
        var own = maps.Widen(small[source.Name], source);
        if (source.Layer is not { } layer || layer + 1 == small.Axes.Size.Layers || source.Role is not (WeightRole.Projection or WeightRole.Bias)
            || maps.CopiedOutputs(source) is not { } copied || !small.Axes.Weights.TryGetValue(source.In(layer + 1), out var above))
        {
            return own;
        }

        return where(copied, maps.Widen(small[above.Name], above), own);
    }
}
