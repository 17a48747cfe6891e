using System.Runtime.CompilerServices;
using Heirloom.Layers;

namespace Heirloom.Generation.Cpu;

/// <summary>Nonlinearities of feed-forward networks, in float32.</summary>
internal static unsafe class ActivationKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
{
    /// <summary><c>x = act(x)</c>, or <c>act(x) ⊙ factor</c>.</summary>
    /// <param name="activation">Which.</param>
    /// <param name="x"><c>[count]</c></param>
    /// <param name="factor"><c>[count]</c>, or null.</param>
    /// <param name="count">How many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(Activation activation, float* x, float* factor, int count)
    {
        var k = 0;
        for (; k + TSimd.Width <= count; k += TSimd.Width)
        {
            var value = Of(activation, TSimd.Load(x + k));
            TSimd.Store(factor is null ? value : TSimd.Multiply(value, TSimd.Load(factor + k)), x + k);
        }

        if (k < count)
        {
            // what does not fill a vector goes through one all the same, so that there is one formula
            var padded = stackalloc float[TSimd.Width];
            for (var i = k; i < count; i++)
            {
                padded[i - k] = x[i];
            }

            TSimd.Store(Of(activation, TSimd.Load(padded)), padded);
            for (; k < count; k++)
            {
                x[k] = padded[k % TSimd.Width] * (factor is null ? 1 : factor[k]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TVector Of(Activation activation, TVector x) => activation switch
    {
        Activation.Gelu => Gelu(x),
        Activation.GeluTanh => Multiplied(x, TSimd.Multiply(TSimd.All(2 * 0.7978845608028654f), TSimd.MultiplyAdd(TSimd.Multiply(TSimd.All(0.044715f), TSimd.Multiply(x, x)), x, x))),
        Activation.QuickGelu => Multiplied(x, TSimd.Multiply(TSimd.All(1.702f), x)),
        Activation.Relu => TSimd.Max(x, TSimd.All(0)),
        Activation.Silu => Multiplied(x, x),
        Activation.Tanh => Tanh(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "no such activation"),
    };

    /// <summary><c>x · σ(z)</c>; with <c>z = 2u</c> it is <c>x (1 + tanh u) / 2</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TVector Multiplied(TVector x, TVector z) =>
        TSimd.Divide(x, TSimd.Add(TSimd.All(1), TSimd.Exp(TSimd.Subtract(TSimd.All(0), z))));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TVector Tanh(TVector x)
    {
        var size = TSimd.Abs(x);
        var decay = TSimd.Exp(TSimd.Multiply(TSimd.All(-2), size));
        var tanh = TSimd.Divide(TSimd.Subtract(TSimd.All(1), decay), TSimd.Add(TSimd.All(1), decay));
        return TSimd.WhereNegative(x, TSimd.Subtract(TSimd.All(0), tanh), tanh);
    }

    /// <summary><c>x · erfc(−x/√2) / 2</c>, where erfc is the Chebyshev fit of Press et al. (Numerical Recipes, section 6.2), good to 1.2e−7 of its value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TVector Gelu(TVector x)
    {
        var z = TSimd.Multiply(TSimd.All(-0.7071067811865476f), x);
        var size = TSimd.Abs(z);
        var t = TSimd.Divide(TSimd.All(1), TSimd.MultiplyAdd(TSimd.All(0.5f), size, TSimd.All(1)));
        var fit = TSimd.All(0.17087277f);
        foreach (var coefficient in (ReadOnlySpan<float>)[-0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f, -0.18628806f, 0.09678418f, 0.37409196f, 1.00002368f, -1.26551223f])
        {
            fit = TSimd.MultiplyAdd(fit, t, TSimd.All(coefficient));
        }

        var above = TSimd.Multiply(t, TSimd.Exp(TSimd.Subtract(fit, TSimd.Multiply(size, size))));
        var erfc = TSimd.WhereNegative(z, TSimd.Subtract(TSimd.All(2), above), above);
        return TSimd.Multiply(TSimd.Multiply(TSimd.All(0.5f), x), erfc);
    }
}
