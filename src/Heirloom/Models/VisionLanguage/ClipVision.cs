using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.VisionLanguage;

/// <inheritdoc cref="ClipVisionConfig"/>
public sealed class ClipVision : nn.Module, IImageEncoder
{
    private readonly ClipVisionConfig _config;

    [ComponentName(Name = "patches")]
    private readonly Conv2d _patches;

    [ComponentName(Name = "class_token")]
    private readonly Parameter _classToken;

    [ComponentName(Name = "positions")]
    private readonly LearnedPositions _positions;

    [ComponentName(Name = "embedding_norm")]
    private readonly nn.Module<Tensor, Tensor> _embeddingNorm;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor> _norm;

    [ComponentName(Name = "projection")]
    private readonly Linear? _projection;

    internal ClipVision(ClipVisionConfig config) : base(nameof(ClipVision))
    {
        if (config.Patches() == 0)
        {
            throw new UserError($"patches of {config.PatchSize} do not fit images of {config.ImageSize}", "patch_size", "choose smaller patches");
        }

        _config = config;
        _patches = ModuleWeight.Kept(nn.Conv2d(config.Channels, Width, config.PatchSize, stride: config.PatchSize, bias: false));
        _classToken = ModuleWeight.Of(zeros(Width));
        _positions = new(config.Patches() + 1, Width, offset: 0);
        _embeddingNorm = config.Block.Norm.Build(Width);
        _layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new TransformerBlock(config.Block))]);
        _norm = config.Block.Norm.Build(Width);
        _projection = config.ProjectionWidth is { } projection ? Projections.Linear(Width, projection, bias: false) : null;
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    /// <summary>Width of the stream; what stands for the image may be projected to another.</summary>
    public int Width => _config.Block.Width;

    /// <summary>The stream after the last layer, which no norm has touched.</summary>
    /// <exception cref="UserError">Images of another size or number of channels.</exception>
    public Tensor Encode(Tensor images)
    {
        using var scope = NewDisposeScope();
        if (images.dim() != 4 || images.shape[1] != _config.Channels || images.shape[2] != _config.ImageSize || images.shape[3] != _config.ImageSize)
        {
            throw new UserError(
                $"images are [{string.Join(", ", images.shape)}] and the model reads [B, {_config.Channels}, {_config.ImageSize}, {_config.ImageSize}]", mend: "resize them");
        }

        var x_BND = _patches.call(images.to(_classToken.dtype)).flatten(2).transpose(1, 2);
        x_BND = cat([_classToken.expand(images.shape[0], 1, -1), x_BND], 1);
        x_BND = _embeddingNorm.call(_positions.Embed(x_BND, 0, null));
        var context = new AttentionContext();
        for (var i = 0; i < _layers.Count; i++)
        {
            x_BND = _layers[i].call(x_BND, context, i);
        }

        return x_BND.MoveToOuterDisposeScope();
    }

    /// <summary>The class token's vector, normalized, and projected where the model projects.</summary>
    public Tensor Embed(Tensor images)
    {
        using var scope = NewDisposeScope();
        var pooled = Pool(Encode(images));
        return (_projection?.call(pooled) ?? pooled).MoveToOuterDisposeScope();
    }

    /// <summary>The class token's vector, normalized.</summary>
    /// <param name="hidden"><c>[B, N, D]</c></param>
    /// <returns><c>[B, D]</c></returns>
    public Tensor Pool(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return _norm.call(hidden.select(1, 0)).MoveToOuterDisposeScope();
    }
}
