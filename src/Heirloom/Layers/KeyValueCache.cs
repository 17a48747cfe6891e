using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Keys and values of the positions read so far, for each layer; buffers are allocated at the first step, with its type, and filled in place.</summary>
/// <remarks>Owns its tensors outside any dispose scope; the caller disposes it. No gradient flows through it.</remarks>
public sealed class KeyValueCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)?[] _layers;
    private Tensor? _padding;

    /// <param name="layers">Layers of the model.</param>
    /// <param name="rows">Sequences read in parallel.</param>
    /// <param name="capacity">Positions that fit.</param>
    public KeyValueCache(int layers, int rows, int capacity)
    {
        Rows = rows;
        Capacity = capacity;
        _layers = new (Tensor, Tensor)?[layers];
    }

    public int Rows { get; private set; }

    public int Capacity { get; }

    /// <summary>Positions that every layer holds; a layer's own step is added by <see cref="Advance"/>.</summary>
    public int Length { get; private set; }

    /// <summary><c>[B]</c> int64: so many first positions of each row are padding, that no query sees and from whose end the row counts its positions; null for none.</summary>
    /// <remarks>Set it (the cache keeps a copy) before the first step to read prompts of different lengths, aligned at their ends.</remarks>
    public Tensor? LeftPadding
    {
        get => _padding;
        set
        {
            _padding?.Dispose();
            _padding = value?.clone().DetachFromDisposeScope();
        }
    }

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

        using var frozen = no_grad();
        var (k, v) = _layers[layer] ??= (Buffer(keys), Buffer(values));
        using (NewDisposeScope())
        {
            k.narrow(2, Length, added).copy_(keys);
            v.narrow(2, Length, added).copy_(values);
        }

        return (k.narrow(2, 0, Length + added), v.narrow(2, 0, Length + added));
    }

    /// <summary>Moves on after all layers have appended.</summary>
    public void Advance(int positions) => Length += positions;

    /// <summary>Keeps the given rows in the given order: all of them (beam search) or fewer (finished rows leave).</summary>
    /// <param name="rows"><c>[B']</c> int64.</param>
    public void Reorder(Tensor rows)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        for (var i = 0; i < _layers.Length; i++)
        {
            if (_layers[i] is var (k, v))
            {
                _layers[i] = (k.index_select(0, rows).DetachFromDisposeScope(), v.index_select(0, rows).DetachFromDisposeScope());
                k.Dispose();
                v.Dispose();
            }
        }

        LeftPadding = _padding?.index_select(0, rows);
        Rows = (int)rows.shape[0];
    }

    public void Dispose()
    {
        foreach (var (k, v) in _layers.OfType<(Tensor, Tensor)>())
        {
            k.Dispose();
            v.Dispose();
        }

        Array.Clear(_layers);
        _padding?.Dispose();
        _padding = null;
    }

    private Tensor Buffer(Tensor like) =>
        empty([Rows, like.shape[1], Capacity, like.shape[3]], dtype: like.dtype, device: like.device).DetachFromDisposeScope();
}
