using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>A convolution over a waveform, normalized where its place asks for it, and its activation.</summary>
internal sealed class WaveformLayer : nn.Module<Tensor, Tensor>
{
    private readonly Activation _activation;
    private readonly bool _overChannels;
    private readonly long _stride;

    [ComponentName(Name = "convolution")]
    private readonly Conv1d _convolution;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor>? _norm;

    public WaveformLayer(SpeechEncoderConfig config, int index) : base(nameof(WaveformLayer))
    {
        var layer = config.Waveform[index];
        (_activation, _stride) = (config.WaveformActivation, layer.Stride);
        _overChannels = config.WaveformNorm == WaveformNorm.EveryLayerOverChannels;
        _convolution = ModuleWeight.Kept(nn.Conv1d(index == 0 ? 1 : config.Waveform[index - 1].Width, layer.Width, layer.Kernel, stride: layer.Stride, bias: config.WaveformBias));
        _norm = _overChannels ? ModuleWeight.Kept(nn.LayerNorm(layer.Width))
            : index == 0 ? ModuleWeight.Kept(nn.GroupNorm(layer.Width, layer.Width))
            : null;
        RegisterComponents();
    }

    /// <param name="x"><c>[B, C, S]</c></param>
    /// <returns><c>[B, C', S']</c></returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = Convolutions.Convolve(x, _convolution.weight!, _convolution.bias, _stride);
        if (_norm is not null)
        {
            x = _overChannels ? _norm.call(x.transpose(1, 2)).transpose(1, 2) : _norm.call(x);
        }

        return _activation.Apply(x).MoveToOuterDisposeScope();
    }
}
