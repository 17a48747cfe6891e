using System.Collections.Immutable;

namespace Heirloom.Reuse.Growing;

/// <summary>Which layer of a shallow model each layer of a deep one starts from.</summary>
public static class LayerOrder
{
    /// <summary>
    /// Whole copies of the stack on top of each other, then as many of its top layers as are left: of three layers, five are 0 1 2 1 2 (Gong et al. 2019; the rest as
    /// Chen et al. 2022, algorithm 1).
    /// </summary>
    /// <param name="old">Layers before.</param>
    /// <param name="grown">Layers after, at least as many.</param>
    public static ImmutableArray<int> Stack(int old, int grown) => [.. Enumerable.Range(0, grown).Select(i => i < grown / old * old ? i % old : old - (grown % old) + (i % old))];

    /// <summary>Every layer repeated in place, in the order of the model: of three layers, five are 0 0 1 1 2 (Pan et al. 2024, section 3.3).</summary>
    /// <inheritdoc cref="Stack"/>
    public static ImmutableArray<int> Interpolate(int old, int grown) => [.. Enumerable.Range(0, grown).Select(i => (int)((long)i * old / grown))];
}
