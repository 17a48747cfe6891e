using Heirloom.Layers.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>The nonlinearity of a feed-forward network.</summary>
public enum Activation
{
    /// <summary><c>x · Φ(x)</c> with the exact Φ (Hendrycks and Gimpel 2016).</summary>
    Gelu,

    /// <summary>GELU by its tanh approximation, as GPT-2 computes it.</summary>
    GeluTanh,

    /// <summary><c>x · σ(1.702 x)</c>, GELU by a sigmoid, as CLIP computes it.</summary>
    QuickGelu,

    Relu,

    /// <summary><c>x · σ(x)</c>.</summary>
    Silu,

    Tanh,
}

public static class Activations
{
    public static Tensor Apply(this Activation activation, Tensor x) => FusedActivation.Fits(activation, x) ? FusedActivation.Of(activation, x) : activation switch
    {
        Activation.Gelu => nn.functional.gelu(x),
        Activation.GeluTanh => nn.functional.gelu(x, GELU.Approximate.tanh),
        Activation.QuickGelu => x.mul(x.mul(KeptScalar.QuickGeluSlope).sigmoid()),
        Activation.Relu => nn.functional.relu(x),
        Activation.Silu => nn.functional.silu(x),
        Activation.Tanh => x.tanh(),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "no such activation"),
    };
}
