using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>The small model's weights in a corner of a larger one whose other weights are random; layers are stacked. A baseline of bert2BERT (Chen et al. 2022, section 4.1).</summary>
[Kind("direct-copy")]
public sealed record DirectCopyGrowthConfig : GrowthConfig
{
    public override string? Changes(ModelAxes small, ModelSize large) => "new weights are random";

    protected override IModel Expand(Grower small, ModelSize large, Seed seed)
    {
        var maps = AxisMaps.Random(small.Axes.Size, large, seed.For("maps"));
        return small.Fill(large, LayerOrder.Stack(small.Axes.Size.Layers, large.Layers), null,
            (own, source, fresh) => where(maps.Own(own), maps.Copy(small[source.Name], source), fresh), seed.For("fresh"));
    }
}
