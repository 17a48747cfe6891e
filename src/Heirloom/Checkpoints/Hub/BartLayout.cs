using System.Collections.Immutable;
using Heirloom.Layers;

namespace Heirloom.Checkpoints.Hub;

/// <summary>BART (Lewis et al. 2020).</summary>
public sealed class BartLayout : BartFamilyLayout
{
    public override ImmutableArray<string> ModelTypes => ["bart"];

    protected override ImmutableArray<string> Names => ["Bart"];

    protected override NormPlacement Placement => NormPlacement.Post;

    protected override bool StartsWithLast => false;
}
