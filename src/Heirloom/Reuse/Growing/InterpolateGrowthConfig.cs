using Heirloom.Models;

namespace Heirloom.Reuse.Growing;

/// <summary>Every layer repeated in place, so that neighbours stay neighbours (Pan et al. 2024, section 3.3).</summary>
[Kind("interpolate")]
public sealed record InterpolateGrowthConfig : GrowthConfig
{
    public override string? Changes(ModelAxes small, ModelSize large) => small.Size.Layers == large.Layers ? null : "a layer that runs twice computes other things than one that runs once";

    /// <exception cref="UserError">It would grow wider.</exception>
    protected override IModel Expand(Grower small, ModelSize large, Seed seed)
    {
        RequireDepthOnly(small.Axes.Size, large);
        return small.Fill(large, LayerOrder.Interpolate(small.Axes.Size.Layers, large.Layers), null, (_, source, _) => small[source.Name], new(0));
    }
}
