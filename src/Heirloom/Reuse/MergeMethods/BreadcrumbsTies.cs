namespace Heirloom.Reuse.MergeMethods;

/// <summary>Breadcrumbs with signs elected: the sum of those that have them.</summary>
/// <inheritdoc cref="BreadcrumbsMethod" path="/remarks"/>
public sealed record BreadcrumbsTies : BreadcrumbsMethod
{
    protected override bool Consensus => true;
}
