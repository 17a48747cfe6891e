using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>A model that can read vectors in the place of tokens before its input.</summary>
public interface IPromptable : ITokenEncoder
{
    /// <summary>What it reads before every input; null for nothing. What it gives is that of the input alone.</summary>
    VirtualTokens? Virtual { get; set; }
}

/// <summary>Vectors in the embedding's place, at positions of their own: prompt tuning's (Lester et al. 2021). Whoever sets them owns and trains them.</summary>
/// <param name="Vectors"><c>[P, D]</c></param>
public sealed record VirtualTokens(Tensor Vectors)
{
    public int Count => (int)Vectors.shape[0];

    /// <summary>The input with room before it.</summary>
    internal TokenInputs Extend(TokenInputs inputs) => inputs with
    {
        Ids = Padded(inputs.Ids, 0),
        Mask = inputs.Mask is null ? null : Padded(inputs.Mask.to(ScalarType.Int64), 1).to(ScalarType.Bool),
        TokenTypes = inputs.TokenTypes is null ? null : Padded(inputs.TokenTypes, 0),
        PrefixLengths = inputs.PrefixLengths?.add(KeptScalar.Of(Count)),
        Segments = inputs.Segments is null ? null
            : throw new UserError("virtual tokens stand before one text, and several are packed in a row", mend: "leave packing off, or train another kind of adapter"),
    };

    /// <summary>Which of them stands where, −1 where a token of the input does.</summary>
    /// <param name="rows">B.</param>
    /// <param name="length">P + T.</param>
    /// <param name="padding"><c>[B]</c>: padding at the left of each row, behind which they stand; null for none.</param>
    /// <param name="device">Of the result.</param>
    /// <returns><c>[B, P + T]</c></returns>
    internal Tensor Slots(long rows, long length, Tensor? padding, Device device)
    {
        using var scope = NewDisposeScope();
        var slot = arange(length, device: device).unsqueeze(0).expand(rows, -1);
        slot = padding is null ? slot : slot.sub(padding.unsqueeze(1));
        return where(slot.ge(KeptScalar.Zero).logical_and(slot.lt(KeptScalar.Of(Count))), slot, full_like(slot, KeptScalar.MinusOne)).MoveToOuterDisposeScope();
    }

    /// <summary>Ids of rows with padding at the left, with room behind the padding.</summary>
    internal Tensor Extend(Tensor ids, Tensor slots, Tensor? padding)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (ids.shape[0], slots.shape[1]);
        var index = arange(length, device: ids.device).unsqueeze(0).expand(rows, -1);
        var shifted = padding is null ? index.sub(KeptScalar.Of(Count)) : where(index.lt(padding.unsqueeze(1)), index, index.sub(KeptScalar.Of(Count)));
        return ids.gather(1, shifted.clamp_min(KeptScalar.Zero)).MoveToOuterDisposeScope();
    }

    /// <summary>Puts them into their places among embedded tokens.</summary>
    /// <param name="embedded"><c>[B, P + T, D]</c></param>
    /// <param name="slots">See <see cref="Slots"/>.</param>
    internal Tensor Place(Tensor embedded, Tensor slots)
    {
        using var scope = NewDisposeScope();
        var vectors = Vectors.to(embedded.dtype).index_select(0, slots.clamp_min(KeptScalar.Zero).flatten()).view_as(embedded);
        return where(slots.ge(KeptScalar.Zero).unsqueeze(-1), vectors, embedded).MoveToOuterDisposeScope();
    }

    private Tensor Padded(Tensor values, long with) => nn.functional.pad(values, [Count, 0], value: with);
}
