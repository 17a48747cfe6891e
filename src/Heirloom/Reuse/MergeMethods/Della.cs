namespace Heirloom.Reuse.MergeMethods;

/// <summary>DELLA with signs elected: the mean of those that have them.</summary>
/// <inheritdoc cref="DellaMethod" path="/remarks"/>
public sealed record Della : DellaMethod
{
    public Della() => Normalize = true;

    protected override bool Consensus => true;
}
