using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Keys and values that every query of an attention layer sees before those of its own sequence.</summary>
/// <param name="Keys"><c>[H, P, K]</c>, H being the layer's key and value heads; not rotated any more.</param>
/// <param name="Values"><c>[H, P, K]</c></param>
public sealed record KeyValuePrefix(Tensor Keys, Tensor Values)
{
    public long Length => Keys.shape[1];

    /// <summary>Puts them before a sequence's.</summary>
    /// <param name="keys"><c>[B, H, S, K]</c></param>
    /// <param name="values"><c>[B, H, S, K]</c></param>
    internal (Tensor Keys, Tensor Values) Before(Tensor keys, Tensor values)
    {
        var rows = keys.shape[0];
        return (
            cat([Keys.to(keys.dtype).unsqueeze(0).expand(rows, -1, -1, -1), keys], 2),
            cat([Values.to(values.dtype).unsqueeze(0).expand(rows, -1, -1, -1), values], 2));
    }
}
