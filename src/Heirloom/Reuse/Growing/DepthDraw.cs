using System.Collections.Immutable;

namespace Heirloom.Reuse.Growing;

/// <summary>The part of a stack that a step trains.</summary>
/// <param name="Order">The layers that run, first to last; one may run several times.</param>
/// <param name="Trained">How many of them, from the top, get gradients; what lies below is left alone and costs no backward pass.</param>
public sealed record DepthDraw(ImmutableArray<int> Order, int Trained)
{
    /// <summary>Layers that run forward, counting each time.</summary>
    public int Depth => Order.Length;
}

/// <summary>Decides the part of a stack for a step, from that step's randomness alone.</summary>
public delegate DepthDraw DepthSampler(Rng random);
