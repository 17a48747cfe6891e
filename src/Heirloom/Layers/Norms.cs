using System.ComponentModel.DataAnnotations;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>How vectors are normalized.</summary>
public abstract record NormConfig : Kinded
{
    /// <summary>Added to the variance before its root; &gt; 0.</summary>
    [Range(double.Epsilon, 1.0)]
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>A norm over the last dimension, of <paramref name="width"/>.</summary>
    public abstract nn.Module<Tensor, Tensor> Build(long width);
}

/// <summary>Root mean square norm (Zhang and Sennrich 2019).</summary>
[Kind("rms_norm")]
public sealed record RmsNormConfig : NormConfig
{
    public override RmsNorm Build(long width) => new(width, Epsilon);
}

/// <summary>Layer norm (Ba, Kiros and Hinton 2016).</summary>
[Kind("layer_norm")]
public sealed record LayerNormConfig : NormConfig
{
    /// <summary>Whether a bias is learned.</summary>
    public bool Bias { get; init; } = true;

    public override LayerNorm Build(long width) => nn.LayerNorm(width, Epsilon, elementwise_affine: true, bias: Bias);
}

/// <summary><c>x / sqrt(mean(x²) + ε) · weight</c>; the mean is taken in float32 whatever the input's type.</summary>
public sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    private readonly Scalar _epsilon;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    /// <param name="width">Size of the last dimension.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public RmsNorm(long width, double epsilon = 1e-5) : base(nameof(RmsNorm))
    {
        (_epsilon, Epsilon) = (epsilon, epsilon);
        _weight = ModuleWeight.Of(ones(width));
        RegisterComponents();
    }

    /// <summary>Added to the mean square.</summary>
    public double Epsilon { get; }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        // (a vector norm would save a pass, but TorchSharp gives it a scalar that may be freed before it is read: see KeptScalar)
        var scale = wide.square().mean([-1], keepdim: true).add_(_epsilon).rsqrt();
        return wide.mul(scale).to(x.dtype).mul(_weight).MoveToOuterDisposeScope();
    }
}
