using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Keys and values of the positions read so far, for each layer; buffers are allocated at the first step, with its type, and filled in place.</summary>
/// <remarks>Owns its tensors outside any dispose scope; the caller disposes it. No gradient flows through it.</remarks>
public sealed class KeyValueCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)?[] _layers, _memoryLayers;
    private Tensor? _padding, _memory, _memoryMask;

    /// <param name="layers">Layers of the model.</param>
    /// <param name="rows">Sequences read in parallel.</param>
    /// <param name="capacity">Positions that fit.</param>
    public KeyValueCache(int layers, int rows, int capacity)
    {
        Rows = rows;
        Capacity = capacity;
        _layers = new (Tensor, Tensor)?[layers];
        _memoryLayers = new (Tensor, Tensor)?[layers];
    }

    /// <summary>That of a decoder which reads a memory.</summary>
    /// <param name="layers">Layers of the decoder.</param>
    /// <param name="memory"><c>[B, S, D]</c>; the cache keeps a copy.</param>
    /// <param name="memoryMask"><c>[B, S]</c> bool, true on what may be seen; null for all.</param>
    /// <param name="capacity">Positions of the decoder that fit.</param>
    public KeyValueCache(int layers, Tensor memory, Tensor? memoryMask, int capacity) : this(layers, (int)memory.shape[0], capacity)
    {
        _memory = Kept(memory);
        _memoryMask = memoryMask is null ? null : Kept(memoryMask);
    }

    public int Rows { get; private set; }

    public int Capacity { get; }

    /// <summary>Positions that every layer holds; a layer's own step is added by <see cref="Advance"/>.</summary>
    public int Length { get; private set; }

    /// <summary>What cross-attention reads, <c>[B, S, D]</c>; null for a model without.</summary>
    public Tensor? Memory => _memory;

    /// <summary><c>[B, S]</c> bool, true on what may be seen of <see cref="Memory"/>; null for all.</summary>
    public Tensor? MemoryMask => _memoryMask;

    /// <summary><c>[B]</c> int64: so many first positions of each row are padding, that no query sees and from whose end the row counts its positions; null for none.</summary>
    /// <remarks>Set it (the cache keeps a copy) before the first step to read prompts of different lengths, aligned at their ends.</remarks>
    public Tensor? LeftPadding
    {
        get => _padding;
        set
        {
            _padding?.Dispose();
            _padding = value is null ? null : Kept(value);
        }
    }

    /// <summary>What the next positions need to know of <see cref="LeftPadding"/>; nulls where there is none.</summary>
    /// <param name="length">Positions that are read next.</param>
    /// <param name="device">Of what is returned.</param>
    /// <returns>The mask over all keys, <c>[B, Length + length]</c>, and the positions of the next ones, <c>[B, length]</c>.</returns>
    public (Tensor? Mask, Tensor? Positions) Padded(long length, Device device)
    {
        if (_padding is null)
        {
            return (null, null);
        }

        using var scope = NewDisposeScope();
        var counted = arange(Length + length, device: device).unsqueeze(0).sub(_padding.unsqueeze(1));
        return (counted.ge(KeptScalar.Zero).MoveToOuterDisposeScope(), counted.narrow(1, Length, length).clamp_min(KeptScalar.Zero).MoveToOuterDisposeScope());
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

    /// <summary>A layer's keys and values of <see cref="Memory"/>, <c>[B, H, S, K]</c>, made at its first step.</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="make">Makes them.</param>
    public (Tensor Keys, Tensor Values) OfMemory(int layer, Func<(Tensor Keys, Tensor Values)> make)
    {
        if (_memoryLayers[layer] is not { } kept)
        {
            var (keys, values) = make();
            _memoryLayers[layer] = kept = (Kept(keys), Kept(values));
        }

        return kept;
    }

    /// <summary>Moves on after all layers have appended.</summary>
    public void Advance(int positions) => Length += positions;

    /// <summary>Keeps the given rows in the given order: all of them (beam search) or fewer (finished rows leave).</summary>
    /// <param name="rows"><c>[B']</c> int64.</param>
    public void Reorder(Tensor rows)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        foreach (var layers in ((Tensor, Tensor)?[][])[_layers, _memoryLayers])
        {
            for (var i = 0; i < layers.Length; i++)
            {
                if (layers[i] is var (k, v))
                {
                    layers[i] = (Chosen(k, rows), Chosen(v, rows));
                }
            }
        }

        _padding = _padding is null ? null : Chosen(_padding, rows);
        _memory = _memory is null ? null : Chosen(_memory, rows);
        _memoryMask = _memoryMask is null ? null : Chosen(_memoryMask, rows);
        Rows = (int)rows.shape[0];
    }

    public void Dispose()
    {
        foreach (var (k, v) in _layers.Concat(_memoryLayers).OfType<(Tensor, Tensor)>())
        {
            k.Dispose();
            v.Dispose();
        }

        Array.Clear(_layers);
        Array.Clear(_memoryLayers);
        foreach (var tensor in (Tensor?[])[_padding, _memory, _memoryMask])
        {
            tensor?.Dispose();
        }

        (_padding, _memory, _memoryMask) = (null, null, null);
    }

    private static Tensor Kept(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().clone().DetachFromDisposeScope();
    }

    private static Tensor Chosen(Tensor tensor, Tensor rows)
    {
        var chosen = tensor.index_select(0, rows).DetachFromDisposeScope();
        tensor.Dispose();
        return chosen;
    }

    private Tensor Buffer(Tensor like) =>
        empty([Rows, like.shape[1], Capacity, like.shape[3]], dtype: like.dtype, device: like.device).DetachFromDisposeScope();
}
