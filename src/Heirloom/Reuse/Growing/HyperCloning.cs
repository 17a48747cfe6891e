using Heirloom.Layers;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// Makes a pretrained decoder n times as wide without changing what it computes: every vector of the clone is n copies of the small model's, so that it
/// starts from the small model's logits instead of from nothing and is then trained on as usual.
/// </summary>
/// <remarks>
/// <para>Samragh et al. 2024, "Scaling Smart". Heads are multiplied and keep their width; query heads and the key and value heads that they share are
/// multiplied alike, so that every copy of a query head finds its own group. Norms see n copies, which have the same mean and variance.</para>
/// <para>A tied head reads n copies through the embedding itself and would give n times the logits. The published treatment keeps the tie and divides
/// the head's weight by n in its forward pass; here the last norm before the head is divided by n, which is the same function, needs no other
/// head, and survives in every checkpoint format.</para>
/// <para>Copies of a neuron that are equal in weights as well as in activations get equal gradients. Without noise (or dropout) they stay equal, and the
/// clone learns no more than the small model could: the noisy variants are for training on.</para>
/// </remarks>
public static class HyperCloning
{
    /// <summary>The clone, on the device and of the type of the small model, which is left as it is.</summary>
    /// <param name="small">The pretrained model.</param>
    /// <param name="config">Factor and variant.</param>
    /// <param name="seed">Source of the noise.</param>
    /// <exception cref="UserError">The model's positions depend on the number of heads (ALiBi).</exception>
    public static Decoder Expand(Decoder small, HyperCloningConfig config, Seed seed)
    {
        var source = (DecoderConfig)small.Config;
        var clone = Widen(source, config.Factor).Build(new Seed(0));
        using var quiet = no_grad();
        var weights = small.state_dict();
        clone.to(weights["embedding.weight"].dtype).to(weights["embedding.weight"].device);
        var layout = new ModelLayout(clone);
        var scaled = source.TieEmbeddings ? LastNorm(source) : null;
        foreach (var (name, target) in clone.state_dict())
        {
            using var scope = NewDisposeScope();
            var value = Cloned(name, weights[name].to(float32, CPU), target, layout, config, seed.For(name));
            target.copy_(scaled is not null && name.StartsWith(scaled, StringComparison.Ordinal) ? value.div(config.Factor) : value);
        }

        clone.train(small.training);
        return clone;
    }

    /// <summary>The architecture of a clone: n times the width, feed-forward width, heads, and key and value heads.</summary>
    /// <exception cref="UserError">The positions depend on the number of heads (ALiBi).</exception>
    public static DecoderConfig Widen(DecoderConfig small, int factor)
    {
        if (small.Positions is AlibiPositionsConfig)
        {
            throw new UserError("a model with ALiBi has slopes that depend on its number of heads, which cloning multiplies", "positions", "grow a model with learned, rotary, relative or no positions");
        }

        var (block, attention) = (small.Block, small.Block.Attention);
        return small with
        {
            Block = block with
            {
                Width = block.Width * factor,
                Attention = attention with { Heads = attention.Heads * factor, KeyValueHeads = attention.KeyValueHeads * factor },
                FeedForward = block.FeedForward with { Width = block.FeedForward.Width * factor },
            },
        };
    }

    /// <summary>What the head reads comes out of this norm: the final one, or in post-norm blocks the last block's.</summary>
    private static string LastNorm(DecoderConfig config) =>
        config.Block.Placement == NormPlacement.Post ? $"layers.{config.Layers - 1}.feed_forward_norm." : "norm.";

    private static Tensor Cloned(string name, Tensor weight, Tensor target, ModelLayout layout, HyperCloningConfig config, Seed seed)
    {
        if (weight.shape.SequenceEqual(target.shape))
        {
            return weight; // a norm of single heads, whose width stays
        }

        if (weight.dim() == 2 && layout.Projection(name) is not null)
        {
            return Projection(weight, config, seed);
        }

        // biases, norms, and tables with a column for each coordinate (embedding, positions) or head (relative positions); an untied head averages its copies
        var copies = weight.repeat([.. Enumerable.Repeat(1L, (int)weight.dim() - 1), config.Factor]);
        return name == "head.weight" ? copies.div(config.Factor) : copies;
    }

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
