using System.ComponentModel.DataAnnotations;
using Heirloom.Models;

namespace Heirloom.Reuse.Growing;

/// <summary><see cref="HyperCloning"/>: n times as wide, in heads and feed-forward too.</summary>
[Kind("hypercloning")]
public sealed record HyperCloningGrowthConfig : GrowthConfig
{
    public CloningVariant Variant { get; init; } = CloningVariant.NoisySymmetric;

    /// <summary>See <see cref="HyperCloningConfig.SignalToNoise"/>.</summary>
    [Range(-60.0, 200.0)]
    public double SignalToNoise { get; init; } = 10;

    public override string? Changes(ModelAxes small, ModelSize large) => null;

    /// <exception cref="UserError">It would grow other than in width by a whole factor.</exception>
    protected override IModel Expand(Grower small, ModelSize large, Seed seed)
    {
        var from = small.Axes.Size;
        RequireWidthOnly(from, large);
        var factor = large.Width / from.Width;
        return factor > 1 && large == HyperCloning.Widen(from, factor)
            ? HyperCloning.Expand(small, new() { Factor = factor, Variant = Variant, SignalToNoise = SignalToNoise }, seed)
            : throw new UserError($"hypercloning multiplies width, heads, key and value heads and feed-forward by one whole number, and {from.Width} would grow to {large.Width}, {from.FeedForward} to {large.FeedForward}", "width",
                "choose a multiple of the width and leave the others out, or use bert2bert-fpi");
    }
}
