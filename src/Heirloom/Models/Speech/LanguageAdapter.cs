using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>A small network beside a layer's output: norm, down, ReLU, up.</summary>
internal sealed class LanguageAdapter : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "down")]
    private readonly Linear _down;

    [ComponentName(Name = "up")]
    private readonly Linear _up;

    public LanguageAdapter(int width, int hidden) : base(nameof(LanguageAdapter))
    {
        _norm = ModuleWeight.Kept(nn.LayerNorm(width));
        _down = Projections.Linear(width, hidden, bias: true);
        _up = Projections.Linear(hidden, width, bias: true);
        RegisterComponents();
    }

    /// <param name="x"><c>[B, T, D]</c></param>
    /// <returns><c>[B, T, D]</c></returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return x.add(_up.call(_down.call(_norm.call(x)).relu()), KeptScalar.One).MoveToOuterDisposeScope();
    }
}
