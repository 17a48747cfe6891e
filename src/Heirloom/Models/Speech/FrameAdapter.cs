using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>Makes a transformer's frames fewer: a projection where the width changes, then convolutions with gates.</summary>
internal sealed class FrameAdapter : nn.Module<Tensor, Tensor>
{
    private readonly long _stride;

    [ComponentName(Name = "projection")]
    private readonly Linear? _projection;

    [ComponentName(Name = "norm")]
    private readonly LayerNorm? _norm;

    [ComponentName(Name = "convolutions")]
    private readonly ModuleList<Conv1d> _convolutions;

    public FrameAdapter(int width, FrameAdapterConfig config) : base(nameof(FrameAdapter))
    {
        _stride = config.Stride;
        if (width != config.Width)
        {
            _projection = Projections.Linear(width, config.Width, bias: true);
            _norm = ModuleWeight.Kept(nn.LayerNorm(config.Width));
        }

        _convolutions = new([.. Enumerable.Range(0, config.Layers)
            .Select(_ => ModuleWeight.Kept(nn.Conv1d(config.Width, 2 * config.Width, config.Kernel, stride: config.Stride, padding: 1)))]);
        RegisterComponents();
    }

    /// <param name="x"><c>[B, T, D]</c></param>
    /// <returns><c>[B, T', D']</c></returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = _projection is null ? x : _norm!.call(_projection.call(x));
        x = x.transpose(1, 2);
        foreach (var convolution in _convolutions)
        {
            x = nn.functional.glu(Convolutions.Convolve(x, convolution.weight!, convolution.bias, _stride, padding: 1), 1);
        }

        return x.transpose(1, 2).MoveToOuterDisposeScope();
    }
}
