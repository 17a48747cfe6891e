using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Vision;

/// <inheritdoc cref="MaskedImageModelConfig"/>
public sealed class MaskedImageModel : nn.Module, IModel
{
    private readonly MaskedImageModelConfig _config;

    [ComponentName(Name = "encoder")]
    private readonly VisionTransformer _encoder;

    [ComponentName(Name = "hidden_patch")]
    private readonly Parameter _hiddenPatch;

    [ComponentName(Name = "decoder")]
    private readonly Linear _decoder;

    internal MaskedImageModel(VisionTransformer encoder, MaskedImageModelConfig config) : base(nameof(MaskedImageModel))
    {
        _config = config;
        _encoder = encoder;
        _hiddenPatch = ModuleWeight.Of(zeros(1, 1, encoder.Width));
        _decoder = Projections.Linear(encoder.Width, config.Encoder.Channels * config.Encoder.PatchSize * config.Encoder.PatchSize, bias: true);
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public VisionTransformer Encoder => _encoder;

    /// <summary>Patches of an image.</summary>
    public int Patches => (int)_config.Encoder.Patches();

    /// <summary>Writes images again of which some patches are hidden.</summary>
    /// <param name="images"><c>[B, C, H, W]</c></param>
    /// <param name="hidden"><c>[B, N]</c> bool, true on patches that it does not see, row by row; null for none.</param>
    /// <returns><c>[B, C, H, W]</c></returns>
    /// <exception cref="UserError">Images of another size or number of channels.</exception>
    public Tensor Reconstruct(Tensor images, Tensor? hidden)
    {
        using var scope = NewDisposeScope();
        var x_BND = _encoder.Encode(images, hidden is null ? null : (hidden, _hiddenPatch.flatten()));
        x_BND = _config.Encoder.ClassToken ? x_BND.narrow(1, 1, Patches) : x_BND;
        var (side, patch) = (_config.Encoder.ImageSize / _config.Encoder.PatchSize, _config.Encoder.PatchSize);
        // a patch's values lie channel by channel, each row by row
        return _decoder.call(x_BND).view(images.shape[0], side, side, _config.Encoder.Channels, patch, patch)
            .permute(0, 3, 1, 4, 2, 5).reshape(images.shape).MoveToOuterDisposeScope();
    }

    /// <summary>Mean absolute difference over the pixels of hidden patches; 0 where none is hidden.</summary>
    /// <param name="images"><c>[B, C, H, W]</c></param>
    /// <param name="reconstructed"><c>[B, C, H, W]</c></param>
    /// <param name="hidden"><c>[B, N]</c> bool.</param>
    /// <returns>A float32 scalar.</returns>
    public Tensor HiddenDifference(Tensor images, Tensor reconstructed, Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var (side, patch) = (_config.Encoder.ImageSize / _config.Encoder.PatchSize, _config.Encoder.PatchSize);
        var pixels_B1HW = hidden.view(-1, side, side).repeat_interleave(patch, dim: 1).repeat_interleave(patch, dim: 2).unsqueeze(1).to(ScalarType.Float32);
        var difference = reconstructed.to(ScalarType.Float32).sub(images.to(ScalarType.Float32)).abs().mean([1], keepdim: true);
        return difference.mul(pixels_B1HW).sum().div(pixels_B1HW.sum().clamp(min: KeptScalar.One)).MoveToOuterDisposeScope();
    }

    internal void Start(Seed seed)
    {
        using var frozen = no_grad();
        _config.Initialization.Apply(_decoder, seed.For("decoder"));
        using var generator = seed.For("hidden_patch").Generator();
        _hiddenPatch.normal_(0, 0.02, generator);
    }
}
