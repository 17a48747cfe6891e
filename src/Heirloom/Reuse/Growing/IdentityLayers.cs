using Heirloom.Layers;

namespace Heirloom.Reuse.Growing;

/// <summary>New layers that pass on what they get: copies of the layer below, whose branches end in zero (Chen, Goodfellow and Shlens 2016, section 2.3, for residual networks).</summary>
internal static class IdentityLayers
{
    /// <exception cref="UserError">More layers in post-norm blocks, whose norms act on what an identity layer passes on.</exception>
    public static void Require(ModelAxes small, ModelSize large)
    {
        if (large.Layers > small.Size.Layers && small.Block.Placement == NormPlacement.Post)
        {
            throw new UserError("its blocks end in norms, so that no new layer passes on what it gets", "layers", "choose stack or interpolate");
        }
    }

    /// <summary>Whether a weight is to be zero, because it belongs to a new layer and its branch then adds nothing.</summary>
    /// <param name="weight">Of the larger model.</param>
    /// <param name="layers">The old layer that each layer comes from, in place (<see cref="LayerOrder.Interpolate"/>).</param>
    /// <param name="block">Each layer's form.</param>
    public static bool Silences(WeightAxes weight, IReadOnlyList<int> layers, TransformerBlockConfig block) =>
        weight.Layer is { } layer && layer > 0 && layers[layer] == layers[layer - 1] && (block.Placement is NormPlacement.Sandwich or NormPlacement.Branch
            ? weight.Part.Contains("_post_norm.", StringComparison.Ordinal)
            : weight.Part.StartsWith("attention.output.", StringComparison.Ordinal) || weight.Part.StartsWith("feed_forward.down.", StringComparison.Ordinal));
}
