namespace Heirloom.Reuse.MergeMethods;

/// <summary>Breadcrumbs: the sum of what is left.</summary>
/// <inheritdoc cref="BreadcrumbsMethod" path="/remarks"/>
public sealed record Breadcrumbs : BreadcrumbsMethod;
