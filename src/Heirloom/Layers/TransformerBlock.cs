using System.ComponentModel.DataAnnotations;
using Heirloom.Layers.Kernels;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Where a branch <c>f</c> of a block is normalized.</summary>
public enum NormPlacement
{
    /// <summary><c>x + f(norm(x))</c></summary>
    Pre,

    /// <summary><c>norm(x + f(x))</c></summary>
    Post,

    /// <summary><c>x + postNorm(f(norm(x)))</c></summary>
    Sandwich,

    /// <summary><c>x + postNorm(f(x))</c></summary>
    Branch,
}

/// <summary>How a block's attention and feed-forward follow each other.</summary>
public enum BlockLayout
{
    Sequential,

    /// <summary>Both read the block's input, each through its own norm (GPT-NeoX).</summary>
    Parallel,

    /// <summary>Both read the block's input through the attention's norm (GPT-J).</summary>
    ParallelSharedNorm,
}

/// <summary>A transformer block's settings.</summary>
public sealed record TransformerBlockConfig : IExample<TransformerBlockConfig>
{
    public static TransformerBlockConfig Example => new() { Width = 16, Attention = AttentionConfig.Example, FeedForward = FeedForwardConfig.Example };

    /// <summary>Width of the residual stream.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    public required AttentionConfig Attention { get; init; }

    public required FeedForwardConfig FeedForward { get; init; }

    public NormConfig Norm { get; init; } = new RmsNormConfig();

    public NormPlacement Placement { get; init; }

    public BlockLayout Layout { get; init; }

    /// <summary>Dropped share of each branch's output (and, in models, of the embedding).</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>What positions need to know of a model of these blocks.</summary>
    public PositionsShape PositionsShape(int contextLength, bool causal) =>
        new(Width, Attention.Heads, Attention.HeadWidthOf(Width), contextLength, causal);
}

/// <summary>Attention and feed-forward on a residual stream, optionally with cross-attention between them.</summary>
public sealed class TransformerBlock : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    private readonly TransformerBlockConfig _config;

    [ComponentName(Name = "attention")]
    private readonly Attention _attention;

    [ComponentName(Name = "attention_norm")]
    private readonly nn.Module<Tensor, Tensor>? _attentionNorm;

    [ComponentName(Name = "attention_post_norm")]
    private readonly nn.Module<Tensor, Tensor>? _attentionPostNorm;

    [ComponentName(Name = "cross_attention")]
    private readonly Attention? _cross;

    [ComponentName(Name = "cross_attention_norm")]
    private readonly nn.Module<Tensor, Tensor>? _crossNorm;

    [ComponentName(Name = "cross_attention_post_norm")]
    private readonly nn.Module<Tensor, Tensor>? _crossPostNorm;

    [ComponentName(Name = "feed_forward")]
    private readonly FeedForward _feedForward;

    [ComponentName(Name = "feed_forward_norm")]
    private readonly nn.Module<Tensor, Tensor>? _feedForwardNorm;

    [ComponentName(Name = "feed_forward_post_norm")]
    private readonly nn.Module<Tensor, Tensor>? _feedForwardPostNorm;

    /// <param name="config">Its form.</param>
    /// <param name="memoryWidth">Width of the memory that a cross-attention reads; null for none.</param>
    public TransformerBlock(TransformerBlockConfig config, int? memoryWidth = null) : base(nameof(TransformerBlock))
    {
        var parallel = config.Layout != BlockLayout.Sequential;
        if (parallel && (config.Placement != NormPlacement.Pre || memoryWidth is not null))
        {
            throw new UserError("a parallel block has its norms before its branches and no cross-attention", "block.layout", "placement: pre");
        }

        _config = config;
        _attention = new Attention(config.Width, config.Attention, config.Norm);
        (_attentionNorm, _attentionPostNorm) = Norms();
        if (memoryWidth is not null)
        {
            _cross = new Attention(config.Width, config.Attention, config.Norm, memoryWidth);
            (_crossNorm, _crossPostNorm) = Norms();
        }

        _feedForward = new FeedForward(config.Width, config.FeedForward);
        if (config.Layout != BlockLayout.ParallelSharedNorm)
        {
            (_feedForwardNorm, _feedForwardPostNorm) = Norms();
        }

        RegisterComponents();

        (nn.Module<Tensor, Tensor>? Norm, nn.Module<Tensor, Tensor>? PostNorm) Norms() => (
            config.Placement != NormPlacement.Branch ? config.Norm.Build(config.Width) : null,
            config.Placement is NormPlacement.Sandwich or NormPlacement.Branch ? config.Norm.Build(config.Width) : null);
    }

    /// <param name="x"><c>[B, T, D]</c></param>
    /// <param name="context">Shared by the layers of this forward.</param>
    /// <param name="layer">Index of this layer in the cache.</param>
    /// <returns><c>[B, T, D]</c></returns>
    public override Tensor forward(Tensor x, AttentionContext context, int layer) => Recompute.Wanted(Recomputation.Layers) && CanRecompute(context)
        ? Recompute.Of(inputs => Compute(inputs[0], Restored(inputs, context), layer), [x, .. Carried(context)])
        : Compute(x, context, layer);

    /// <summary>Caches, and what is put before the keys, are made once in a forward pass and not again.</summary>
    private bool CanRecompute(AttentionContext context) => context.Cache is null && _attention.Prefix is null && _cross?.Prefix is null;

    /// <summary>The tensors of a context: they may have gradients, and are freed with the forward pass unless they are kept with the input.</summary>
    private static IEnumerable<Tensor> Carried(AttentionContext context) =>
        new[] { context.Memory, context.Mask.Scores, context.MemoryMask.Scores, context.Rotation?.Cos, context.Rotation?.Sin }.OfType<Tensor>();

    private static AttentionContext Restored(IReadOnlyList<Tensor> inputs, AttentionContext context)
    {
        var next = 1;
        return context with
        {
            Memory = Take(context.Memory),
            Mask = context.Mask with { Scores = Take(context.Mask.Scores) },
            MemoryMask = context.MemoryMask with { Scores = Take(context.MemoryMask.Scores) },
            Rotation = context.Rotation is { } rotation ? new(Take(rotation.Cos)!, Take(rotation.Sin)!) : null,
        };

        Tensor? Take(Tensor? was) => was is null ? null : inputs[next++];
    }

    private Tensor Compute(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        if (_config.Layout != BlockLayout.Sequential)
        {
            var normed = _attentionNorm!.call(x);
            var attended = _attention.call(normed, context, layer);
            var fed = _feedForward.call(_feedForwardNorm is null ? normed : _feedForwardNorm.call(x));
            return x.add(Dropped(attended.add(fed, KeptScalar.One)), KeptScalar.One).MoveToOuterDisposeScope();
        }

        x = Join(x, _attention.call(Before(x, _attentionNorm), context, layer), _attentionNorm, _attentionPostNorm);
        if (_cross is not null)
        {
            x = Join(x, _cross.call(Before(x, _crossNorm), context, layer), _crossNorm, _crossPostNorm);
        }

        x = Join(x, Fed(x), _feedForwardNorm, _feedForwardPostNorm);
        return x.MoveToOuterDisposeScope();
    }

    private Tensor Fed(Tensor x) => Recompute.Wanted(Recomputation.FeedForward) && !Recompute.Wanted(Recomputation.Layers)
        ? Recompute.Of(inputs => _feedForward.call(Before(inputs[0], _feedForwardNorm)), x)
        : _feedForward.call(Before(x, _feedForwardNorm));

    private Tensor Before(Tensor x, nn.Module<Tensor, Tensor>? norm) =>
        _config.Placement is NormPlacement.Pre or NormPlacement.Sandwich ? norm!.call(x) : x;

    private Tensor Join(Tensor x, Tensor branch, nn.Module<Tensor, Tensor>? norm, nn.Module<Tensor, Tensor>? postNorm)
    {
        branch = Dropped(postNorm is null ? branch : postNorm.call(branch));
        var joined = x.add(branch, KeptScalar.One);
        return _config.Placement == NormPlacement.Post ? norm!.call(joined) : joined;
    }

    private Tensor Dropped(Tensor branch) =>
        Dropping.Apply(branch, _config.Dropout, training);
}
