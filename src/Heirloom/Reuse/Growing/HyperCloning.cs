using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// Makes a pretrained model n times as wide without changing what it computes: every vector of the clone is n copies of the small model's, so that it
/// starts from the small model's outputs instead of from nothing and is then trained on as usual.
/// </summary>
/// <remarks>
/// <para>Samragh et al. 2024, "Scaling Smart". Heads are multiplied and keep their width; query heads and the key and value heads that they share are
/// multiplied alike, so that every copy of a query head finds its own group. Norms see n copies, which have the same mean and variance.</para>
/// <para>A tied head reads n copies through the embedding itself and would give n times the logits. The published treatment keeps the tie and divides
/// the head's weight by n in its forward pass; here the last norm before the head is divided by n (<see cref="ModelAxes.TiedNorm"/>).</para>
/// <para>Copies of a neuron that are equal in weights as well as in activations get equal gradients. Without noise (or dropout) they stay equal, and the
/// clone learns no more than the small model could: the noisy variants are for training on.</para>
/// </remarks>
public static class HyperCloning
{
    /// <summary>The clone, on the device and of the type of the small model, which is left as it is.</summary>
    /// <param name="small">The pretrained model.</param>
    /// <param name="config">Factor and variant.</param>
    /// <param name="seed">Source of the noise.</param>
    /// <exception cref="UserError">Growing does not cover the model, or its positions depend on the number of heads (ALiBi).</exception>
    public static TModel Expand<TModel>(TModel small, HyperCloningConfig config, Seed seed)
        where TModel : class, IModel => (TModel)Expand(new Grower(small), config, seed);

    /// <summary>The architecture of a clone: n times the width, feed-forward width, heads, and key and value heads.</summary>
    /// <exception cref="UserError">Growing does not cover the family.</exception>
    public static TConfig Widen<TConfig>(TConfig small, int factor)
        where TConfig : ModelConfig => (TConfig)Widen(ModelSize.Of(small), factor).Apply(small, [.. Enumerable.Range(0, ModelSize.Of(small).Layers)]);

    internal static ModelSize Widen(ModelSize small, int factor) => small with
    {
        Width = small.Width * factor,
        Heads = small.Heads * factor,
        KeyHeads = small.KeyHeads * factor,
        FeedForward = small.FeedForward * factor,
    };

    internal static IModel Expand(Grower small, HyperCloningConfig config, Seed seed)
    {
        var large = Widen(small.Axes.Size, config.Factor);
        var maps = AxisMaps.Cyclic(small.Axes.Size, large);
        return small.Fill(large, [.. Enumerable.Range(0, large.Layers)], maps, (own, source, _) => IsBlocks(own)
            ? Projection(small[source.Name], config, seed.For(own.Name))
            : maps.Widen(small[source.Name], source), new(0));
    }

    /// <summary>Whether outputs are copied, and copies of inputs share what reads them.</summary>
    private static bool IsBlocks(WeightAxes weight) => weight.Role == WeightRole.Projection && weight.Dimensions[0].Axis != Axis.Fixed && weight.Dimensions[1].Summed;

    private static Tensor Projection(Tensor weight, HyperCloningConfig config, Seed seed)
    {
        var n = config.Factor;
        var diagonal = config.Variant is CloningVariant.Diagonal or CloningVariant.NoisyDiagonal;
        var blocks = diagonal ? BlockExpansion.Diagonal(weight, n) : BlockExpansion.Symmetric(weight, n);
        if (config.Variant is CloningVariant.Symmetric or CloningVariant.Diagonal)
        {
            return blocks;
        }

        var signal = weight.square().mean().item<float>() / (diagonal ? 1.0 : n * n);
        using var generator = seed.Generator();
        return blocks.add_(BlockExpansion.CancellingNoise(weight.shape[0], weight.shape[1], n, signal / Math.Pow(10, config.SignalToNoise / 10), generator));
    }
}
