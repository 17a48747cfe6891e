namespace Heirloom.Reuse.MergeMethods;

/// <summary>DELLA without an election of signs: the sum.</summary>
/// <inheritdoc cref="DellaMethod" path="/remarks"/>
public sealed record DellaLinear : DellaMethod;
