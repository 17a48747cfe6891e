using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>Transformer blocks (Vaswani et al. 2017), of an encoder or of a decoder.</summary>
[Kind("transformer")]
public sealed record TransformerPartConfig : EncoderPartConfig, IExample<TransformerPartConfig>
{
    public static TransformerPartConfig Example => new()
    {
        Layers = 1,
        Block = TransformerBlockConfig.Example with { Norm = new LayerNormConfig(), Placement = NormPlacement.Post },
    };

    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form.</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>Whether a position sees itself and earlier ones only, and the prefix where inputs have one. Decoders always do.</summary>
    public bool Causal { get; init; }

    /// <summary>Positions that act on attention: rotary, relative, alibi.</summary>
    public PositionsConfig Positions { get; init; } = new NoPositionsConfig();

    /// <summary>Layers that share their weights; null where each has its own.</summary>
    public LayerSharingConfig? Sharing { get; init; }

    /// <summary>Chance that training skips a layer (Fan et al. 2020).</summary>
    [Range(0.0, 0.999)]
    public double LayerDrop { get; init; }

    /// <summary>Dropped share of what comes out (T5).</summary>
    [Range(0.0, 0.999)]
    public double OutputDropout { get; init; }

    internal override Sight Sight => Causal ? Sight.Past : Sight.All;

    internal override TransformerPart Build(int width) => Build(width, memory: null);

    /// <param name="width">Of the vectors that it reads.</param>
    /// <param name="memory">Width of the memory that a decoder reads besides; null for an encoder.</param>
    /// <exception cref="UserError">Another width, or positions that act on embeddings.</exception>
    internal TransformerPart Build(int width, int? memory)
    {
        if (Block.Width != width)
        {
            throw new UserError($"layers of width {Block.Width} read vectors of width {width}", "block.width", "make them equal, or project the embedding with output_width");
        }

        // none of those that act on attention has a longest sequence
        var positions = Positions.Build(Block.PositionsShape(contextLength: 1, Causal));
        return !positions.Absolute ? new(this, positions, memory)
            : throw new UserError($"{Settings.KindOf(Positions.GetType())} positions act on embeddings", "positions", "add a position part to the embedding");
    }
}

/// <inheritdoc cref="TransformerPartConfig"/>
public sealed class TransformerPart : EncoderPart
{
    private readonly TransformerPartConfig _config;
    private readonly ImmutableArray<int> _order;

    [ComponentName(Name = "positions")]
    private readonly Positions _positions;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor>? _norm;

    internal TransformerPart(TransformerPartConfig config, Positions positions, int? memory) : base(nameof(TransformerPart))
    {
        _config = config;
        _positions = positions;
        _order = config.Sharing?.Order(config.Layers) ?? [.. Enumerable.Range(0, config.Layers)];
        var own = config.Sharing is { } sharing ? sharing.Groups * sharing.LayersPerGroup : config.Layers;
        _layers = new([.. Enumerable.Range(0, own).Select(_ => new TransformerBlock(config.Block, memory))]);
        // after post-norm blocks the stream is normalized already
        _norm = config.Block.Placement == NormPlacement.Post ? null : config.Block.Norm.Build(config.Block.Width);
        RegisterComponents();
    }

    public override int Width => _config.Block.Width;

    /// <summary>Layers that a cache holds.</summary>
    internal int Layers => _order.Length;

    internal override Tensor Encode(StreamState state) => Run(state, new());

    /// <param name="state">Vectors and who is real.</param>
    /// <param name="context">Memory and cache of a decoder.</param>
    internal Tensor Run(StreamState state, AttentionContext context)
    {
        using var scope = NewDisposeScope();
        var x = state.Vectors;
        var (start, length) = (context.Cache?.Length ?? 0, x.shape[1]);
        context = context with
        {
            Mask = new AttentionPattern
            {
                Causal = _config.Causal,
                Window = _config.Block.Attention.Window,
                Mask = state.Mask,
                Segments = state.Segments,
                PrefixLengths = _config.Causal ? state.PrefixLengths : null,
                Bias = _positions.Bias(length, start + length, x.device),
            }.Resolve(length, start + length, x),
            Rotation = _positions.Rotate(start, length, x),
        };
        for (var i = 0; i < _order.Length; i++)
        {
            if (!training || _config.LayerDrop == 0 || rand(1).item<float>() >= _config.LayerDrop)
            {
                x = _layers[_order[i]].call(x, context, i);
            }
        }

        x = _norm?.call(x) ?? x;
        return Dropping.Apply(x, _config.OutputDropout, training).MoveToOuterDisposeScope();
    }
}
