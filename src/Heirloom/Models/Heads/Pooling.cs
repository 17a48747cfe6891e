using Heirloom.Layers;
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

    /// <summary>The last end token's (BART).</summary>
    End,

    /// <summary>The encoder's own; see <see cref="IPooledEncoder"/>.</summary>
    Pooler,
}

/// <summary>Pools over the sequence, past padding on either side.</summary>
public static class PoolingExtensions
{
    /// <param name="pooling">How.</param>
    /// <param name="encoder">Whose vectors they are.</param>
    /// <param name="hidden_BTD"><c>[B, T, D]</c></param>
    /// <param name="inputs">Of which they are.</param>
    /// <param name="token">Padding for <see cref="Pooling.Last"/>, where the mask does not say it; the end for <see cref="Pooling.End"/>.</param>
    /// <returns><c>[B, D]</c></returns>
    /// <exception cref="UserError">The encoder has no pooler of its own, or a sequence has no end token.</exception>
    public static Tensor Apply(this Pooling pooling, ITokenEncoder encoder, Tensor hidden_BTD, TokenInputs inputs, int? token = null)
    {
        using var scope = NewDisposeScope();
        var mask_BT = inputs.Mask;
        return (pooling switch
        {
            Pooling.First => First(hidden_BTD, mask_BT),
            Pooling.Last => Last(hidden_BTD, token is { } padding ? inputs.Ids.ne(KeptScalar.Of(padding)) : mask_BT),
            Pooling.Mean => Mean(hidden_BTD, mask_BT),
            Pooling.End => Last(hidden_BTD, Ends(inputs.Ids, token)),
            Pooling.Pooler => Pooler(encoder).Pool(First(hidden_BTD, mask_BT)),
            _ => throw new ArgumentOutOfRangeException(nameof(pooling), pooling, "no such pooling"),
        }).MoveToOuterDisposeScope();
    }

    /// <summary>Refuses a pooling that the encoder cannot do, before any work.</summary>
    /// <exception cref="UserError">The encoder has no pooler of its own, or no end token is given.</exception>
    public static void Check(this Pooling pooling, ITokenEncoder encoder, int? token = null)
    {
        if (pooling == Pooling.Pooler)
        {
            Pooler(encoder);
        }

        if (pooling == Pooling.End && token is null)
        {
            throw new UserError("pooling at the end token needs to know it", "pooling_token", "give the id of the token that ends a sequence");
        }
    }

    private static IPooledEncoder Pooler(ITokenEncoder encoder) => encoder is IPooledEncoder { HasPooler: true } pooled
        ? pooled
        : throw new UserError("the encoder has no pooler of its own", "pooling", "choose first, last or mean, or an encoder with pooler: true");

    /// <summary>Where the end tokens stand.</summary>
    /// <param name="ids"><c>[B, T]</c></param>
    /// <param name="token">Ends a sequence.</param>
    /// <returns><c>[B, T]</c> bool.</returns>
    /// <exception cref="UserError">A sequence has none.</exception>
    internal static Tensor Ends(Tensor ids, int? token)
    {
        var ends = ids.eq(KeptScalar.Of(token!.Value));
        return ends.any(1).all().item<bool>() ? ends : throw new UserError($"a sequence has no end token {token}, at which it is pooled", mend: "end every sequence with it");
    }

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
        return hidden.mul(share).sum(1) / share.sum(1).clamp(min: KeptScalar.One);
    }

    private static Tensor At(Tensor hidden_BTD, Tensor index_B) =>
        hidden_BTD.gather(1, index_B.view(-1, 1, 1).expand(-1, 1, hidden_BTD.shape[2])).squeeze(1);
}
