using System.Collections.Immutable;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Text;

/// <summary>A bidirectional transformer: every position sees every other, and hidden tokens are predicted from both sides.</summary>
public sealed class Encoder : nn.Module, IMaskedLM, IPooledEncoder, IPromptable, ILayerStack
{
    private readonly EncoderConfig _config;

    [ComponentName(Name = "embedding")]
    private readonly Embedding _embedding;

    [ComponentName(Name = "positions")]
    private readonly Positions _positions;

    [ComponentName(Name = "token_types")]
    private readonly Embedding? _tokenTypes;

    [ComponentName(Name = "embedding_norm")]
    private readonly nn.Module<Tensor, Tensor>? _embeddingNorm;

    [ComponentName(Name = "embedding_projection")]
    private readonly Linear? _embeddingProjection;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor>? _norm;

    [ComponentName(Name = "head_transform")]
    private readonly Linear? _headTransform;

    [ComponentName(Name = "head_norm")]
    private readonly nn.Module<Tensor, Tensor>? _headNorm;

    [ComponentName(Name = "head")]
    private readonly VocabularyHead? _head;

    [ComponentName(Name = "pooler")]
    private readonly Linear? _pooler;

    internal Encoder(EncoderConfig config) : base(nameof(Encoder))
    {
        _config = config;
        var block = config.Block;
        var width = config.EmbeddingWidth ?? block.Width;
        if (config is { Head: true, HeadTransform: false } && width != block.Width)
        {
            throw new UserError($"a vocabulary head over embeddings of width {width} needs a transform from the layers' width of {block.Width}", "head_transform", "head_transform: true");
        }

        _embedding = Projections.Embedding(config.VocabularySize, width);
        _positions = config.Positions.Build(block.PositionsShape(config.ContextLength, causal: false) with { Width = width });
        _tokenTypes = config.TokenTypes > 0 ? Projections.Embedding(config.TokenTypes, width) : null;
        _embeddingNorm = config.EmbeddingNorm ? block.Norm.Build(width) : null;
        _embeddingProjection = config.EmbeddingWidth is not null ? Projections.Linear(width, block.Width, bias: true) : null;
        Order = config.Sharing?.Order(config.Layers) ?? [.. Enumerable.Range(0, config.Layers)];
        _layers = new([.. Enumerable.Range(0, config.OwnLayers()).Select(_ => new TransformerBlock(block))]);
        // after post-norm blocks the stream is normalized already
        _norm = block.Placement == NormPlacement.Post ? null : block.Norm.Build(block.Width);
        _headTransform = config is { Head: true, HeadTransform: true } ? Projections.Linear(block.Width, width, bias: true) : null;
        _headNorm = config is { Head: true, HeadTransform: true } ? block.Norm.Build(width) : null;
        _head = config.Head ? new(config.TieEmbeddings ? null : width, config.VocabularySize, bias: true) : null;
        _pooler = config.Pooler ? Projections.Linear(block.Width, block.Width, bias: true) : null;
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Width => _config.Block.Width;

    public int VocabularySize => _config.VocabularySize;

    public int ContextLength => _config.ContextLength - (Virtual?.Count ?? 0);

    public VirtualTokens? Virtual { get; set; }

    public ImmutableArray<int> Order { get; set; }

    public bool HasPooler => _pooler is not null;

    /// <exception cref="UserError">The sequence is longer than the context, or has token types that the model lacks.</exception>
    public Tensor Encode(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var own = inputs.Ids.shape[1];
        if (own > ContextLength)
        {
            throw new UserError($"a sequence of {own} tokens does not fit a context of {ContextLength}", mend: "shorten it or build the model with a longer context_length");
        }

        inputs = Virtual?.Extend(inputs) ?? inputs;
        var length = inputs.Ids.shape[1];
        var x = Embed(inputs);
        var context = new AttentionContext
        {
            Mask = new AttentionPattern
            {
                Window = _config.Block.Attention.Window,
                Mask = inputs.Mask,
                Segments = inputs.Segments,
                Bias = _positions.Bias(length, length, x.device),
            }.Resolve(length, length, x),
            Rotation = _positions.Rotate(0, length, x),
        };
        for (var i = 0; i < Order.Length; i++)
        {
            x = _layers[Order[i]].call(x, context, i);
        }

        return (_norm?.call(x) ?? x).narrow(1, length - own, own).MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">It was built without a head.</exception>
    public Tensor Head(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var head = _head ?? throw new UserError("the encoder has no vocabulary head", mend: "build it with head: true, or load an architecture that predicts tokens");
        if (_headTransform is not null)
        {
            hidden = _headNorm!.call((_config.HeadActivation ?? _config.Block.FeedForward.Activation).Apply(_headTransform.call(hidden)));
        }

        return head.call(hidden, _embedding.weight!).MoveToOuterDisposeScope();
    }

    public Tensor Pool(Tensor first)
    {
        using var scope = NewDisposeScope();
        return (_pooler ?? throw new UserError("the encoder has no pooler", mend: "build it with pooler: true")).call(first).tanh().MoveToOuterDisposeScope();
    }

    private Tensor Embed(TokenInputs inputs)
    {
        var x = _embedding.call(inputs.Ids);
        x = Virtual?.Place(x, Virtual.Slots(x.shape[0], x.shape[1], null, x.device)) ?? x;
        x = _positions.Embed(x, 0, _positions.Count(inputs.Ids, inputs.Segments, inputs.Mask));
        if (_tokenTypes is not null)
        {
            x = x.add(_tokenTypes.call(inputs.TokenTypes ?? zeros_like(inputs.Ids)), KeptScalar.One);
        }
        else if (inputs.TokenTypes is not null)
        {
            throw new UserError("the encoder has no token types", mend: "leave them away, or build it with token_types");
        }

        x = _embeddingNorm?.call(x) ?? x;
        x = Dropping.Apply(x, _config.Block.Dropout, training);
        return _embeddingProjection?.call(x) ?? x;
    }
}
