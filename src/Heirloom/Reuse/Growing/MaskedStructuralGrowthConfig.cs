using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// Masked structural growth at the moment of growing, its masks folded into weights: whatever the new weights are, what they lead to counts nothing yet. In every dimension and to
/// any size, width in models of root mean square norms; for layer norms, whose means no weight can mend, see <see cref="MaskedGrowth{TModel}"/>, which trains under the masks themselves.
/// </summary>
/// <remarks>
/// Yao et al. 2024, section 4. New heads and hidden neurons are random and read by zeros; new columns of the stream are written by zeros and read at random; new layers are copies that add
/// nothing. A root mean square over D' columns of which D are not zero is that over D times √(D/D'), which the norms' weights and their ε take back.
/// </remarks>
[Kind("msg")]
public sealed record MaskedStructuralGrowthConfig : GrowthConfig
{
    public override string? Changes(ModelAxes small, ModelSize large) => Shares(small, large) switch
    {
        [] => null,
        [var share] => share != 1 && small.Block.Attention.QueryKeyNorm == QueryKeyNorm.Head ? "the ε of heads' norms shrinks with that of the other norms" : null,
        _ => "norms over heads and over the width would need an ε of their own",
    };

    /// <exception cref="UserError">Wider layer norms, or more layers in post-norm blocks.</exception>
    protected override IModel Expand(Grower small, ModelSize large, Seed seed)
    {
        var (from, block) = (small.Axes.Size, small.Axes.Block);
        IdentityLayers.Require(small.Axes, large);
        var shares = Shares(small.Axes, large);
        if (shares.Any(s => s != 1) && block.Norm is not RmsNormConfig)
        {
            throw new UserError("no weights can make a wider layer norm see what it saw", "width", "grow to a multiple by bert2bert-fpi, or train under masks (MaskedGrowth)");
        }

        var maps = AxisMaps.Random(from, large, seed.For("maps"));
        var layers = LayerOrder.Interpolate(from.Layers, large.Layers);
        var norm = shares.Count > 0 ? block.Norm with { Epsilon = block.Norm.Epsilon * shares[0] } : block.Norm;
        return small.Fill(large, layers, null, (own, source, fresh) =>
        {
            var value = where(maps.Own(own), maps.Copy(small[source.Name], source), where(maps.Own(Silent(own)), fresh, zeros_like(fresh)));
            return IdentityLayers.Silences(own, layers, block) ? zeros_like(value)
                : own.Role == WeightRole.Norm && own.Dimensions[0].Axis is not Axis.Fixed and var axis ? value.mul(Math.Sqrt((double)from[axis] / large[axis]))
                : value;
        }, seed.For("fresh"), norm);
    }

    /// <summary>The same weight with those dimensions alone along which new entries are zero: outputs into the stream, and inputs from new heads and neurons.</summary>
    private static WeightAxes Silent(WeightAxes weight) => weight with
    {
        Dimensions = [.. weight.Dimensions.Select(d => weight.Role != WeightRole.Norm && (d.Summed ? d.Axis is Axis.Heads or Axis.FeedForward : d.Axis == Axis.Width) ? d : new WeightAxis(Axis.Fixed))],
    };

    /// <summary>By how much the mean squares of norms over growing axes would fall, each value once.</summary>
    private static List<double> Shares(ModelAxes small, ModelSize large) => [.. small.NormedAxes.Select(a => (double)small.Size[a] / large[a]).Distinct()];
}
