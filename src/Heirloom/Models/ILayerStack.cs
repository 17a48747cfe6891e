using System.Collections.Immutable;

namespace Heirloom.Models;

/// <summary>A stack whose layers may run in another order than they stand in: the lowest alone, or each several times.</summary>
public interface ILayerStack : IModel
{
    /// <summary>
    /// Which layer runs first, second, …, counted from 0 among those with weights of their own; as the configuration says unless it is set. It is no part of a checkpoint, and
    /// nothing that a cache holds fits another order.
    /// </summary>
    ImmutableArray<int> Order { get; set; }
}
