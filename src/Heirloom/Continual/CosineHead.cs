using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Continual;

/// <summary>A classifier by scaled cosines, <c>σ · cos(w_c, f)</c> with a learned σ that starts at 1 (Hou et al. 2019).</summary>
internal sealed class CosineHead : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight_CD;

    [ComponentName(Name = "sigma")]
    private readonly Parameter _sigma;

    public CosineHead(int width, int classes, Seed seed) : base(nameof(CosineHead))
    {
        using var generator = seed.Generator();
        _weight_CD = new(zeros(classes, width));
        _sigma = new(ones(1));
        using var quiet = no_grad();
        _weight_CD.uniform_(-1 / Math.Sqrt(width), 1 / Math.Sqrt(width), generator);
        RegisterComponents();
    }

    public override Tensor forward(Tensor features_ND)
    {
        using var scope = NewDisposeScope();
        var cosines = nn.functional.normalize(features_ND, dim: 1).matmul(nn.functional.normalize(_weight_CD, dim: 1).T);
        return cosines.mul(_sigma).MoveToOuterDisposeScope();
    }
}
