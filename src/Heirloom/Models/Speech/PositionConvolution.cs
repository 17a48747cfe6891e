using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>
/// Tells a frame its neighbourhood: a grouped convolution whose weight is a direction and, for each of the kernel's places, a magnitude (weight normalization,
/// Salimans and Kingma 2016, over all channels of a place), and an activation.
/// </summary>
internal sealed class PositionConvolution : nn.Module<Tensor, Tensor>
{
    private readonly long _groups, _kernel;
    private readonly Activation _activation;

    [ComponentName(Name = "direction")]
    private readonly Parameter _direction;

    [ComponentName(Name = "magnitude")]
    private readonly Parameter _magnitude;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    public PositionConvolution(SpeechEncoderConfig config) : base(nameof(PositionConvolution))
    {
        var width = config.Block.Width;
        if (width % config.PositionGroups != 0)
        {
            throw new UserError($"a width of {width} does not split into {config.PositionGroups} groups", "position_groups", "choose a divisor of the width");
        }

        (_groups, _kernel, _activation) = (config.PositionGroups, config.PositionKernel, config.WaveformActivation);
        _direction = ModuleWeight.Of(zeros(width, width / _groups, _kernel));
        _magnitude = ModuleWeight.Of(zeros(1, 1, _kernel));
        _bias = ModuleWeight.Of(zeros(width));
        RegisterComponents();
    }

    /// <summary>A weight with normal values of variance 4 / (kernel · width), as published.</summary>
    public void Start(Seed seed)
    {
        using var scope = NewDisposeScope();
        using var generator = seed.Generator();
        _direction.normal_(0, 2 * Math.Sqrt(1.0 / (_kernel * _direction.shape[0])), generator);
        _magnitude.copy_(Norm());
    }

    /// <param name="x"><c>[B, T, D]</c></param>
    /// <returns><c>[B, T, D]</c></returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var weight = _direction * (_magnitude / Norm());
        var y = Convolutions.Convolve(x.transpose(1, 2), weight, _bias, padding: _kernel / 2, groups: _groups);
        // an even kernel has one more place after a frame than before it, which gives one frame too many
        y = y.narrow(2, 0, x.shape[1]);
        return _activation.Apply(y).transpose(1, 2).MoveToOuterDisposeScope();
    }

    // not by vector_norm, to which TorchSharp gives a temporary scalar (see KeptScalar)
    private Tensor Norm() => _direction.square().sum([0, 1], keepdim: true).sqrt();
}
