using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Models.Text;

/// <summary>
/// Consecutive layers that share their weights (Lan et al. 2020, ALBERT, section 3.1). A model's layers are divided evenly among groups; each time that a
/// layer of a group comes, all the group's own layers run, one after the other.
/// </summary>
public sealed record LayerSharingConfig
{
    /// <summary>Groups; 1 shares across all layers.</summary>
    [Range(1, int.MaxValue)]
    public int Groups { get; init; } = 1;

    /// <summary>Layers with weights of their own in each group.</summary>
    [Range(1, int.MaxValue)]
    public int LayersPerGroup { get; init; } = 1;

    /// <summary>Which weights each computed layer has.</summary>
    /// <param name="layers">Layers of the model.</param>
    /// <exception cref="UserError">Fewer layers than groups.</exception>
    internal ImmutableArray<int> Order(int layers) => layers >= Groups
        ? [.. Enumerable.Range(0, layers).SelectMany(i => Enumerable.Range((int)((long)i * Groups / layers) * LayersPerGroup, LayersPerGroup))]
        : throw new UserError($"{layers} layers do not divide among {Groups} groups", "sharing.groups", "choose at most as many groups as layers");
}
