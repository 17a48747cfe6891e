using Heirloom.Layers.Kernels;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>What the attention layers of one forward share.</summary>
public sealed record AttentionContext
{
    public AttentionMask Mask { get; init; } = AttentionMask.Full;

    public Rotation? Rotation { get; init; }

    /// <summary>Earlier positions, extended by every layer.</summary>
    public KeyValueCache? Cache { get; init; }

    /// <summary><c>[B, S, D']</c>: what cross-attention reads.</summary>
    public Tensor? Memory { get; init; }

    public AttentionMask MemoryMask { get; init; } = AttentionMask.Full;
}

/// <summary>Multi-head attention (Vaswani et al. 2017) over the sequence itself, or over <see cref="AttentionContext.Memory"/>.</summary>
public sealed class Attention : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    private readonly AttentionConfig _config;
    private readonly bool _cross;

    [ComponentName(Name = "query")]
    private readonly Linear _query;

    [ComponentName(Name = "key")]
    private readonly Linear _key;

    [ComponentName(Name = "value")]
    private readonly Linear _value;

    [ComponentName(Name = "output")]
    private readonly Linear _output;

    [ComponentName(Name = "query_norm")]
    private readonly nn.Module<Tensor, Tensor>? _queryNorm;

    [ComponentName(Name = "key_norm")]
    private readonly nn.Module<Tensor, Tensor>? _keyNorm;

    /// <param name="width">Width of input and output.</param>
    /// <param name="config">Heads and form.</param>
    /// <param name="norm">The norm of queries and keys, where they have one.</param>
    /// <param name="memoryWidth">Width of the memory that a cross-attention reads; null for self-attention.</param>
    public Attention(int width, AttentionConfig config, NormConfig norm, int? memoryWidth = null) : base(nameof(Attention))
    {
        _config = config;
        _cross = memoryWidth is not null;
        Width = width;
        HeadWidth = config.HeadWidthOf(width);
        var (queries, keys) = (config.Heads * HeadWidth, config.KeyHeads() * HeadWidth);
        _query = Projections.Linear(width, queries, config.QueryBias);
        _key = Projections.Linear(memoryWidth ?? width, keys, config.KeyBias);
        _value = Projections.Linear(memoryWidth ?? width, keys, config.ValueBias);
        _output = Projections.Linear(queries, width, config.OutputBias);
        if (config.QueryKeyNorm != QueryKeyNorm.None)
        {
            var head = config.QueryKeyNorm == QueryKeyNorm.Head;
            _queryNorm = norm.Build(head ? HeadWidth : queries);
            _keyNorm = norm.Build(head ? HeadWidth : keys);
        }

        RegisterComponents();
    }

    public int Width { get; }

    public int HeadWidth { get; }

    /// <summary>Key and value heads.</summary>
    public int KeyHeads => _config.KeyHeads();

    /// <summary>Coordinates of all query heads.</summary>
    public int QueryWidth => _config.Heads * HeadWidth;

    /// <summary>Whether it reads another sequence.</summary>
    public bool IsCross => _cross;

    /// <summary>What every query sees before the sequence, asked for at each forward; null for nothing. Whoever sets it owns and trains it.</summary>
    public Func<KeyValuePrefix>? Prefix { get; set; }

    /// <param name="x"><c>[B, T, D]</c></param>
    /// <param name="context">Shared by the layers of this forward.</param>
    /// <param name="layer">Index of this layer, from 0.</param>
    /// <returns><c>[B, T, D]</c></returns>
    public override Tensor forward(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        var query_BTHK = Heads(_query.call(x), _queryNorm);
        var rotation = _cross ? null : context.Rotation;
        query_BTHK = rotation?.Apply(query_BTHK) ?? query_BTHK;

        if (_config is { Scale: not null } or { ScaleByLayer: true })
        {
            query_BTHK = query_BTHK.mul(KeptScalar.Of(_config.ScaleOf(HeadWidth, layer) * Math.Sqrt(HeadWidth))); // the kernel divides by the root
        }

        var (keys, values) = _cross ? Memory(context, layer) : Own(x, rotation, context, layer);
        var mask = _cross ? context.MemoryMask : context.Mask;
        if (Prefix?.Invoke() is { } prefix)
        {
            if (context is { Cache.LeftPadding: not null, Rotation: not null })
            {
                throw new UserError("rows of different lengths would stand at different distances from the prefix", "prompts", "read them one at a time");
            }

            mask = mask.Behind(prefix.Length, x.shape[1], query_BTHK);
            (keys, values) = prefix.Before(keys, values);
        }

        var attended_BHTK = Attend(query_BTHK.transpose(1, 2), keys, values, mask);
        return _output.call(attended_BHTK.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    private (Tensor Keys_BGSK, Tensor Values_BGSK) Own(Tensor x, Rotation? rotation, AttentionContext context, int layer)
    {
        var (keys, values) = KeysAndValues(x, rotation);
        return context.Cache is { } cache ? cache.Append(layer, keys, values) : (keys, values);
    }

    private (Tensor Keys_BGSK, Tensor Values_BGSK) Memory(AttentionContext context, int layer)
    {
        var memory = context.Memory ?? throw new ArgumentException("cross-attention needs a memory", nameof(context));
        return context.Cache is { } cache ? cache.OfMemory(layer, () => KeysAndValues(memory, null)) : KeysAndValues(memory, null);
    }

    private (Tensor Keys_BGSK, Tensor Values_BGSK) KeysAndValues(Tensor source, Rotation? rotation)
    {
        var key_BSGK = Heads(_key.call(source), _keyNorm);
        key_BSGK = rotation?.Apply(key_BSGK) ?? key_BSGK;
        return (key_BSGK.transpose(1, 2), Heads(_value.call(source), null).transpose(1, 2));
    }

    private Tensor Heads(Tensor projected, nn.Module<Tensor, Tensor>? norm)
    {
        if (norm is not null && _config.QueryKeyNorm == QueryKeyNorm.All)
        {
            projected = norm.call(projected);
        }

        var heads = projected.view(projected.shape[0], projected.shape[1], -1, HeadWidth);
        return norm is not null && _config.QueryKeyNorm == QueryKeyNorm.Head ? norm.call(heads) : heads;
    }

    private Tensor Attend(Tensor query_BHTK, Tensor keys_BGSK, Tensor values_BGSK, AttentionMask mask)
    {
        var (heads, groups, queries) = (query_BHTK.shape[1], keys_BGSK.shape[1], query_BHTK.shape[2]);
        var dropout = training ? _config.Dropout : 0;
        var scores = mask.Scores?.to(query_BHTK.dtype);
        var shared = heads / groups;
        if (shared > 1 && queries == 1)
        {
            // One step of decoding: a group's heads are queries of one head, and the cache is not copied.
            if (scores is not null && scores.dim() == 4 && scores.shape[1] == heads)
            {
                scores = scores.view(scores.shape[0], groups, shared, -1);
            }

            var folded = query_BHTK.reshape(-1, groups, shared, HeadWidth);
            return nn.functional.scaled_dot_product_attention(folded, keys_BGSK, values_BGSK, scores, dropout)
                .reshape(-1, heads, 1, HeadWidth);
        }

        if (shared > 1)
        {
            keys_BGSK = keys_BGSK.repeat_interleave(shared, dim: 1);
            values_BGSK = values_BGSK.repeat_interleave(shared, dim: 1);
        }

        return FusedAttention.Fits(values_BGSK, keys_BGSK.shape[2], mask.Scores) && queries > 1
            ? FusedAttention.Of(
                query_BHTK.to(values_BGSK.dtype), keys_BGSK.to(values_BGSK.dtype), values_BGSK, mask.Scores, 1 / Math.Sqrt(HeadWidth), mask.IsCausal, Dropping.Mask(dropout))
            : nn.functional.scaled_dot_product_attention(query_BHTK, keys_BGSK, values_BGSK, scores, dropout, mask.IsCausal);
    }
}
