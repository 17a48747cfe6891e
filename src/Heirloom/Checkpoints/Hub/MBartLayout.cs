using System.Collections.Immutable;
using Heirloom.Layers;

namespace Heirloom.Checkpoints.Hub;

/// <summary>mBART (Liu et al. 2020): BART with norms before the branches and after each stack, whose targets start with the token of their language.</summary>
public sealed class MBartLayout : BartFamilyLayout
{
    public override ImmutableArray<string> ModelTypes => ["mbart"];

    protected override ImmutableArray<string> Names => ["MBart"];

    protected override NormPlacement Placement => NormPlacement.Pre;

    protected override bool StartsWithLast => true;
}
