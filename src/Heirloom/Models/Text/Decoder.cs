using System.Collections.Immutable;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Text;

/// <summary>A decoder-only transformer: predicts each token from those before it.</summary>
public sealed class Decoder : nn.Module, ICausalLM, IPromptable, ILayerStack
{
    private readonly DecoderConfig _config;

    [ComponentName(Name = "embedding")]
    private readonly Embedding _embedding;

    [ComponentName(Name = "embedding_norm")]
    private readonly nn.Module<Tensor, Tensor>? _embeddingNorm;

    [ComponentName(Name = "positions")]
    private readonly Positions _positions;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor>? _norm;

    [ComponentName(Name = "head")]
    private readonly VocabularyHead? _head;

    internal Decoder(DecoderConfig config) : base(nameof(Decoder))
    {
        if (!config.WindowLayers.IsEmpty && (config.Block.Attention.Window is null || config.WindowLayers.Any(i => i < 0 || i >= config.Layers)))
        {
            throw new UserError("layers with a window are listed, but there is no window or not so many layers", "window_layers", "set block.attention.window, and count layers from 0");
        }

        _config = config;
        var block = config.Block;
        _positions = config.Positions.Build(block.PositionsShape(config.ContextLength, causal: true));
        _embedding = Projections.Embedding(config.VocabularySize, block.Width);
        _embeddingNorm = config.EmbeddingNorm ? block.Norm.Build(block.Width) : null;
        _layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new TransformerBlock(block))]);
        // after post-norm blocks the stream is normalized already
        _norm = block.Placement == NormPlacement.Post ? null : block.Norm.Build(block.Width);
        _head = config.Head ? new(config.TieEmbeddings ? null : block.Width, config.VocabularySize, config.HeadBias) : null;
        Order = [.. Enumerable.Range(0, config.Layers)];
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Width => _config.Block.Width;

    public int VocabularySize => _config.VocabularySize;

    public int ContextLength => _config.ContextLength - (Virtual?.Count ?? 0);

    public VirtualTokens? Virtual { get; set; }

    public ImmutableArray<int> Order { get; set; }

    /// <exception cref="UserError">The sequence is longer than the context.</exception>
    public Tensor Encode(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var own = inputs.Ids.shape[1];
        CheckLength(own);
        inputs = Virtual?.Extend(inputs) ?? inputs;
        var length = inputs.Ids.shape[1];
        var x = Embed(inputs.Ids, Virtual?.Slots(inputs.Ids.shape[0], length, null, inputs.Ids.device), 0, _positions.Count(inputs.Ids, inputs.Segments, inputs.Mask));
        var pattern = new AttentionPattern
        {
            Causal = true,
            Mask = inputs.Mask,
            Segments = inputs.Segments,
            PrefixLengths = inputs.PrefixLengths,
            Bias = _positions.Bias(length, length, x.device),
        };
        return Run(x, pattern, length, new() { Rotation = _positions.Rotate(0, length, x) }).narrow(1, length - own, own).MoveToOuterDisposeScope();
    }

    public Tensor Encode(Tensor ids, KeyValueCache cache)
    {
        using var scope = NewDisposeScope();
        var own = ids.shape[1];
        Tensor? slots = null;
        if (Virtual is { } before && cache.Length == 0)
        {
            slots = before.Slots(ids.shape[0], own + before.Count, cache.LeftPadding, ids.device);
            ids = before.Extend(ids, slots, cache.LeftPadding);
        }

        var (start, length) = (cache.Length, ids.shape[1]);
        var keys = start + length;
        CheckLength(keys - (Virtual?.Count ?? 0));
        var (mask, positions) = cache.Padded(length, ids.device);
        var x = Embed(ids, slots, start, _positions.Absolute ? positions : null);
        var pattern = new AttentionPattern { Causal = true, Mask = mask, Bias = _positions.Bias(length, keys, x.device) };
        var hidden = Run(x, pattern, keys, new() { Rotation = _positions.Rotate(start, length, x), Cache = cache });
        cache.Advance((int)length);
        return hidden.narrow(1, length - own, own).MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">It was built without a head.</exception>
    public Tensor Head(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return (_head ?? throw new UserError("the decoder has no vocabulary head", mend: "build it with head: true, or load an architecture that writes"))
            .call(hidden, _embedding.weight!).MoveToOuterDisposeScope();
    }

    public KeyValueCache NewCache(int rows, int capacity) => new(Order.Length, rows, capacity + (Virtual?.Count ?? 0));

    private Tensor Embed(Tensor ids, Tensor? slots, long start, Tensor? positions)
    {
        var x = _embedding.call(ids);
        x = slots is null ? x : Virtual!.Place(x, slots);
        if (_config.EmbeddingScale != 1)
        {
            x = x.mul(KeptScalar.Of(_config.EmbeddingScale));
        }

        x = _positions.Embed(x, start, positions);
        x = _embeddingNorm?.call(x) ?? x;
        return Dropping.Apply(x, _config.Block.Dropout, training);
    }

    /// <summary>Runs the layers; masks with and without the window are each made for the first layer that needs them.</summary>
    private Tensor Run(Tensor x, AttentionPattern pattern, long keys, AttentionContext context)
    {
        var (queries, like) = (x.shape[1], x);
        AttentionContext? full = null, windowed = null;
        for (var i = 0; i < Order.Length; i++)
        {
            x = _layers[Order[i]].call(x, HasWindow(Order[i]) ? windowed ??= Masked(_config.Block.Attention.Window) : full ??= Masked(null), i);
        }

        return _norm?.call(x) ?? x;

        AttentionContext Masked(int? window) => context with { Mask = (pattern with { Window = window }).Resolve(queries, keys, like) };
    }

    private bool HasWindow(int layer) => _config.WindowLayers.IsEmpty || _config.WindowLayers.Contains(layer);

    private void CheckLength(long length)
    {
        if (length > ContextLength)
        {
            throw new UserError($"a sequence of {length} tokens does not fit a context of {ContextLength}", mend: "shorten it or build the model with a longer context_length");
        }
    }
}
