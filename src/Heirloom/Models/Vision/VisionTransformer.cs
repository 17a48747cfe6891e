using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Vision;

/// <summary>A transformer over the patches of an image.</summary>
/// <remarks>Dosovitskiy et al. 2021.</remarks>
public sealed class VisionTransformer : nn.Module, IPooledImageEncoder, IClassifier<Tensor>
{
    private readonly VisionTransformerConfig _config;

    [ComponentName(Name = "patches")]
    private readonly Conv2d _patches;

    [ComponentName(Name = "class_token")]
    private readonly Parameter? _classToken;

    [ComponentName(Name = "positions")]
    private readonly Parameter _positions;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor> _norm;

    [ComponentName(Name = "pooler")]
    private readonly Linear? _pooler;

    [ComponentName(Name = "classifier")]
    private readonly Linear? _classifier;

    internal VisionTransformer(VisionTransformerConfig config) : base(nameof(VisionTransformer))
    {
        if (config.ImageSize % config.PatchSize != 0)
        {
            throw new UserError($"patches of {config.PatchSize} do not tile images of {config.ImageSize}", "patch_size", "choose a divisor of image_size");
        }

        _config = config;
        _patches = nn.Conv2d(config.Channels, Width, config.PatchSize, stride: config.PatchSize);
        _classToken = config.ClassToken ? ModuleWeight.Of(zeros(1, 1, Width)) : null;
        _positions = ModuleWeight.Of(zeros(1, config.Patches() + (config.ClassToken ? 1 : 0), Width));
        _layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new TransformerBlock(config.Block))]);
        _norm = config.Block.Norm.Build(Width);
        _pooler = config.Pooler ? Projections.Linear(Width, Width, bias: true) : null;
        _classifier = config.Classes > 0 ? Projections.Linear(Width, config.Classes, bias: true) : null;
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Width => _config.Block.Width;

    public int Classes => _config.Classes;

    public bool HasPooler => _pooler is not null;

    /// <exception cref="UserError">Images of another size or number of channels.</exception>
    public Tensor Encode(Tensor images) => Encode(images, hidden: null);

    /// <summary>Encodes images of which some patches are hidden.</summary>
    /// <param name="images"><c>[B, C, H, W]</c></param>
    /// <param name="hidden">Which, <c>[B, N]</c> bool, and the vector <c>[D]</c> in their place; null for none.</param>
    /// <returns><c>[B, N, D]</c>, the class token first where there is one.</returns>
    /// <exception cref="UserError">Images of another size or number of channels.</exception>
    internal Tensor Encode(Tensor images, (Tensor Patches, Tensor Vector)? hidden)
    {
        using var scope = NewDisposeScope();
        if (images.dim() != 4 || images.shape[1] != _config.Channels || images.shape[2] != _config.ImageSize || images.shape[3] != _config.ImageSize)
        {
            throw new UserError(
                $"images are [{string.Join(", ", images.shape)}] and the model reads [B, {_config.Channels}, {_config.ImageSize}, {_config.ImageSize}]", mend: "resize them");
        }

        var x_BND = _patches.call(images).flatten(2).transpose(1, 2);
        if (hidden is var (patches, vector))
        {
            x_BND = where(patches.unsqueeze(-1), vector.to(x_BND.dtype), x_BND);
        }

        if (_classToken is not null)
        {
            x_BND = cat([_classToken.expand(images.shape[0], -1, -1).to(x_BND.dtype), x_BND], 1);
        }

        x_BND = x_BND.add(_positions, KeptScalar.One);
        x_BND = Dropping.Apply(x_BND, _config.Block.Dropout, training);
        var context = new AttentionContext();
        for (var i = 0; i < _layers.Count; i++)
        {
            x_BND = _layers[i].call(x_BND, context, i);
        }

        return _norm.call(x_BND).MoveToOuterDisposeScope();
    }

    /// <summary>The class token, or the mean of the patches where there is none.</summary>
    public Tensor Embed(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Summary(Encode(images)).MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">It was built without a pooler.</exception>
    public Tensor Pool(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return (_pooler ?? throw new UserError("the vision transformer has no pooler", mend: "build it with pooler: true")).call(Summary(hidden)).tanh().MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">It was built without a classifier.</exception>
    public Tensor Classify(Tensor inputs)
    {
        using var scope = NewDisposeScope();
        return (_classifier ?? throw new UserError("the vision transformer has no classifier", mend: "build it with classes, or put an image classifier over it"))
            .call(Embed(inputs)).MoveToOuterDisposeScope();
    }

    private Tensor Summary(Tensor hidden_BND) => _classToken is not null ? hidden_BND.select(1, 0) : hidden_BND.mean([1]);
}
