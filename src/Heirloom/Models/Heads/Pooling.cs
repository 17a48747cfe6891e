using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>How a sequence's vectors become one.</summary>
public enum Pooling
{
    /// <summary>The first real token's (BERT's class token).</summary>
    First,

    /// <summary>The last real token's: all that a causal model has read.</summary>
    Last,

    /// <summary>The mean over real tokens.</summary>
    Mean,

    /// <summary>The encoder's own; see <see cref="IPooledEncoder"/>.</summary>
    Pooler,
}

/// <summary>Pools over the sequence, past padding on either side.</summary>
public static class PoolingExtensions
{
    /// <param name="pooling">How.</param>
    /// <param name="encoder">Whose vectors they are.</param>
    /// <param name="hidden_BTD"><c>[B, T, D]</c></param>
    /// <param name="mask_BT"><c>[B, T]</c> bool, true on real tokens; null when nothing is padded.</param>
    /// <returns><c>[B, D]</c></returns>
    /// <exception cref="UserError">The encoder has no pooler of its own.</exception>
    public static Tensor Apply(this Pooling pooling, ITokenEncoder encoder, Tensor hidden_BTD, Tensor? mask_BT)
    {
        using var scope = NewDisposeScope();
        return (pooling switch
        {
            Pooling.First => First(hidden_BTD, mask_BT),
            Pooling.Last => Last(hidden_BTD, mask_BT),
            Pooling.Mean => Mean(hidden_BTD, mask_BT),
            Pooling.Pooler => Pooler(encoder).Pool(First(hidden_BTD, mask_BT)),
            _ => throw new ArgumentOutOfRangeException(nameof(pooling), pooling, "no such pooling"),
        }).MoveToOuterDisposeScope();
    }

    /// <summary>Refuses a pooling that the encoder cannot do, before any work.</summary>
    /// <exception cref="UserError">The encoder has no pooler of its own.</exception>
    public static void Check(this Pooling pooling, ITokenEncoder encoder)
    {
        if (pooling == Pooling.Pooler)
        {
            Pooler(encoder);
        }
    }

    private static IPooledEncoder Pooler(ITokenEncoder encoder) => encoder is IPooledEncoder { HasPooler: true } pooled
        ? pooled
        : throw new UserError("the encoder has no pooler of its own", "pooling", "choose first, last or mean, or an encoder with pooler: true");

    private static Tensor First(Tensor hidden, Tensor? mask) => mask is null ? hidden.select(1, 0) : At(hidden, mask.to(ScalarType.Int64).argmax(1));

    private static Tensor Last(Tensor hidden, Tensor? mask) => mask is null
        ? hidden.select(1, -1)
        : At(hidden, arange(mask.shape[1], device: mask.device).unsqueeze(0).mul(mask).argmax(1));

    private static Tensor Mean(Tensor hidden, Tensor? mask)
    {
        if (mask is null)
        {
            return hidden.mean([1]);
        }

        var share = mask.to(hidden.dtype).unsqueeze(-1);
        return hidden.mul(share).sum(1) / share.sum(1).clamp(min: 1);
    }

    private static Tensor At(Tensor hidden_BTD, Tensor index_B) =>
        hidden_BTD.gather(1, index_B.view(-1, 1, 1).expand(-1, 1, hidden_BTD.shape[2])).squeeze(1);
}
