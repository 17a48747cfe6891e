using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Keys and values of the positions read so far, for each layer; buffers are allocated once and filled in place.</summary>
/// <remarks>Owns its tensors outside any dispose scope; the caller disposes it.</remarks>
public sealed class KeyValueCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)[] _layers;

    /// <param name="layers">Layers of the model.</param>
    /// <param name="rows">Sequences read in parallel.</param>
    /// <param name="heads">Key and value heads (fewer than query heads under grouped-query attention).</param>
    /// <param name="capacity">Positions that fit.</param>
    /// <param name="headWidth">Width of a head.</param>
    /// <param name="type">Element type of keys and values.</param>
    /// <param name="device">Where they live.</param>
    public KeyValueCache(int layers, int rows, int heads, int capacity, int headWidth, ScalarType type, Device device)
    {
        Capacity = capacity;
        _layers = [.. Enumerable.Range(0, layers).Select(_ => (
            zeros([rows, heads, capacity, headWidth], dtype: type, device: device).DetachFromDisposeScope(),
            zeros([rows, heads, capacity, headWidth], dtype: type, device: device).DetachFromDisposeScope()))];
    }

    public int Capacity { get; }

    /// <summary>Positions that every layer holds; a layer's own step is added by <see cref="Advance"/>.</summary>
    public int Length { get; private set; }

    /// <summary>Writes a layer's new keys and values after <see cref="Length"/> and returns views of all of them.</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="keys"><c>[B, H, T, K]</c></param>
    /// <param name="values"><c>[B, H, T, K]</c></param>
    /// <returns><c>[B, H, Length + T, K]</c> each.</returns>
    /// <exception cref="UserError">More positions than the cache holds.</exception>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        var added = keys.shape[2];
        if (Length + added > Capacity)
        {
            throw new UserError($"{Length + added} positions do not fit a cache of {Capacity}", mend: "shorten the prompt or ask for fewer tokens");
        }

        var (k, v) = _layers[layer];
        k.narrow(2, Length, added).copy_(keys);
        v.narrow(2, Length, added).copy_(values);
        return (k.narrow(2, 0, Length + added), v.narrow(2, 0, Length + added));
    }

    /// <summary>Moves on after all layers have appended.</summary>
    public void Advance(int positions) => Length += positions;

    /// <summary>Keeps the given rows in the given order (beam search).</summary>
    /// <param name="rows"><c>[B]</c> int64.</param>
    public void Reorder(Tensor rows)
    {
        foreach (var (k, v) in _layers)
        {
            using var _ = NewDisposeScope();
            k.narrow(2, 0, Length).copy_(k.narrow(2, 0, Length).index_select(0, rows));
            v.narrow(2, 0, Length).copy_(v.narrow(2, 0, Length).index_select(0, rows));
        }
    }

    public void Dispose()
    {
        foreach (var (k, v) in _layers)
        {
            k.Dispose();
            v.Dispose();
        }
    }
}
