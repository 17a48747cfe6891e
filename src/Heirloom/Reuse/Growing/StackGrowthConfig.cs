using Heirloom.Models;

namespace Heirloom.Reuse.Growing;

/// <summary>Whole copies of the stack of layers on top of each other (Gong et al. 2019, StackBERT).</summary>
[Kind("stack")]
public sealed record StackGrowthConfig : GrowthConfig
{
    public override string? Changes(ModelAxes small, ModelSize large) => small.Size.Layers == large.Layers ? null : "a stack of copies computes other things than one";

    /// <exception cref="UserError">It would grow wider.</exception>
    protected override IModel Expand(Grower small, ModelSize large, Seed seed)
    {
        RequireDepthOnly(small.Axes.Size, large);
        return small.Fill(large, LayerOrder.Stack(small.Axes.Size.Layers, large.Layers), null, (_, source, _) => small[source.Name], new(0));
    }
}
