using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>What a decoder reads to predict a target.</summary>
public static class DecoderInputs
{
    /// <summary>Stands in targets for what no loss counts.</summary>
    private const long Ignored = -100;

    /// <summary>The target's last token that is no padding, then the target without its last place; ignored targets read as <paramref name="padding"/>.</summary>
    /// <inheritdoc cref="ShiftRight"/>
    public static Tensor Turn(Tensor target, long padding)
    {
        using var scope = NewDisposeScope();
        var read = target.masked_fill(target.eq(KeptScalar.Of(Ignored)), KeptScalar.Of(padding));
        var last = read.ne(KeptScalar.Of(padding)).sum(1, keepdim: true).sub(KeptScalar.One).clamp_min(KeptScalar.Zero);
        return cat([read.gather(1, last), read.narrow(1, 0, read.shape[1] - 1)], 1).MoveToOuterDisposeScope();
    }

    /// <summary><paramref name="start"/>, then the target without its last token; ignored targets read as <paramref name="padding"/>.</summary>
    /// <param name="target"><c>[B, T]</c> int64</param>
    /// <param name="start">The id from which decoding starts.</param>
    /// <param name="padding">The id that stands for padding.</param>
    /// <returns><c>[B, T]</c> int64</returns>
    public static Tensor ShiftRight(Tensor target, long start, long padding)
    {
        using var scope = NewDisposeScope();
        var before = target.narrow(1, 0, target.shape[1] - 1);
        return cat([full_like(target.narrow(1, 0, 1), KeptScalar.Of(start)), before.masked_fill(before.eq(KeptScalar.Of(Ignored)), KeptScalar.Of(padding))], 1).MoveToOuterDisposeScope();
    }
}
