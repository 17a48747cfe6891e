namespace Heirloom.Reuse.Growing;

/// <summary>
/// Apollo's lessons for layers that do not exist yet: each step runs a few layers at some larger depth, each of them in several neighbouring places with the same weights,
/// so that they learn what they will have to do once they are as many. Large depths are drawn seldom, since they cost most: low-value-prioritized sampling.
/// </summary>
/// <remarks>
/// Pan et al. 2024, section 3.2: the depth is a hyperbola of a uniform number, <c>y = m / (x + n)</c>, through (0, r + 0.4) and (1, 0.6) for a ratio r of depths, cut off to
/// [1, r]. The constants and the lower end of x are those of the published code.
/// </remarks>
public static class ApolloDepths
{
    private const double Least = 1e-6, AboveMost = 0.4, BelowLeast = 0.6;

    /// <summary>The depth for a uniform number.</summary>
    /// <param name="own">Layers with weights of their own.</param>
    /// <param name="full">Depth of the final model.</param>
    /// <param name="uniform">In [0, 1).</param>
    public static int Depth(int own, int full, double uniform)
    {
        var ratio = (double)full / own;
        var begin = ratio + AboveMost;
        var n = ((begin * Least) - BelowLeast) / (BelowLeast - begin);
        var m = BelowLeast * (n + 1);
        return (int)(Math.Clamp(m / (Least + ((1 - Least) * uniform) + n), 1, ratio) * own);
    }

    /// <summary>Every depth from the layers' own number to the full one alike: what low values prioritized are compared with.</summary>
    /// <inheritdoc cref="Depth"/>
    public static DepthSampler Uniform(int own, int full) => random => Lesson(own, own + random.Next(full - own + 1));

    /// <summary>Draws a depth and runs each layer in as many neighbouring places (<see cref="LayerOrder.Interpolate"/>); all of them are trained.</summary>
    /// <inheritdoc cref="Depth"/>
    public static DepthSampler Sampler(int own, int full) => random => Lesson(own, Depth(own, full, random.NextDouble()));

    private static DepthDraw Lesson(int own, int depth) => new(LayerOrder.Interpolate(own, depth), depth);
}
