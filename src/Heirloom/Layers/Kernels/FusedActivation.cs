using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Heirloom.Layers.Kernels;

/// <summary>A nonlinearity and its slope, sixteen numbers at a time.</summary>
internal interface IActivationLanes
{
    static abstract Vector512<float> Value(Vector512<float> x);

    static abstract Vector512<float> Slope(Vector512<float> x);
}

/// <summary><see cref="Activation.GeluTanh"/>: ½ x (1 + tanh u), u = √(2/π) (x + 0.044715 x³).</summary>
internal readonly struct GeluTanhLanes : IActivationLanes
{
    private const float Root = 0.797884561f, Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x) => Half(x) * (Vector512<float>.One + Tanh(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x)
    {
        var t = Tanh(x);
        var inner = Vector512.Create(Root) * (Vector512<float>.One + (Vector512.Create(3 * Cubic) * x * x));
        return Half(Vector512<float>.One + t) + (Half(x) * (Vector512<float>.One - (t * t)) * inner);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Tanh(Vector512<float> x)
    {
        var twice = Vector512.Create(2 * Root) * (x + (Vector512.Create(Cubic) * x * x * x));
        return Vector512<float>.One - (Vector512.Create(2f) / (Lanes.Exp(twice) + Vector512<float>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Half(Vector512<float> x) => x * Vector512.Create(0.5f);
}

/// <summary><see cref="Activation.Silu"/>: x σ(x).</summary>
internal readonly struct SiluLanes : IActivationLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x) => x * Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x)
    {
        var s = Sigmoid(x);
        return s * (Vector512<float>.One + (x * (Vector512<float>.One - s)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sigmoid(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Lanes.Exp(-x));
}

/// <summary>Nonlinearities that the library computes one costly function call at a time.</summary>
internal sealed class FusedActivation : autograd.SingleTensorFunction<FusedActivation>
{
    private const int NumbersPerChunk = 1 << 13;

    public override string Name => nameof(FusedActivation);

    /// <summary>Whether there is a kernel, and whether it may be used.</summary>
    public static bool Fits(Activation activation, Tensor x) => activation is Activation.GeluTanh or Activation.Silu && FirstOrder.Holds && Lanes.Covers(x);

    public static Tensor Of(Activation activation, Tensor x) => apply(x, activation);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        ctx.save_for_backward([x]);
        ctx.save_data("activation", vars[1]);
        return Run((Activation)vars[1], x, null);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        FirstOrder.Require();
        using var scope = NewDisposeScope();
        return [Run((Activation)ctx.get_data("activation"), ctx.get_saved_variables()[0], grad_output.contiguous()).MoveToOuterDisposeScope(), null!];
    }

    /// <summary>Values, or slopes times a gradient.</summary>
    private static unsafe Tensor Run(Activation activation, Tensor x, Tensor? gradient)
    {
        var result = empty_like(x);
        delegate*<byte*, byte*, byte*, int, void> kernel = (activation, x.dtype) switch
        {
            (Activation.GeluTanh, ScalarType.BFloat16) => &Chunk<GeluTanhLanes, BFloat16Lanes>,
            (Activation.GeluTanh, _) => &Chunk<GeluTanhLanes, FloatLanes>,
            (_, ScalarType.BFloat16) => &Chunk<SiluLanes, BFloat16Lanes>,
            _ => &Chunk<SiluLanes, FloatLanes>,
        };
        var (from, by, to) = ((nint)Lanes.Address(x), gradient is null ? 0 : (nint)Lanes.Address(gradient), (nint)Lanes.Address(result));
        var (count, size, entry) = (x.numel(), x.element_size(), (nint)kernel);
        Team.For((int)((count + NumbersPerChunk - 1) / NumbersPerChunk), chunk =>
        {
            var start = (long)chunk * NumbersPerChunk;
            var offset = (nint)(start * size);
            ((delegate*<byte*, byte*, byte*, int, void>)entry)(
                (byte*)from + offset, by == 0 ? null : (byte*)by + offset, (byte*)to + offset, (int)Math.Min(NumbersPerChunk, count - start));
        });
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Chunk<TActivation, TLanes>(byte* x, byte* gradient, byte* to, int count)
        where TActivation : struct, IActivationLanes
        where TLanes : struct, ILanes
    {
        var i = 0;
        if (gradient is null)
        {
            for (; i <= count - Lanes.Count; i += Lanes.Count)
            {
                TLanes.Store(to, i, TActivation.Value(TLanes.Load(x, i)));
            }

            for (; i < count; i++)
            {
                TLanes.Set(to, i, TActivation.Value(Vector512.Create(TLanes.Get(x, i))).ToScalar());
            }

            return;
        }

        for (; i <= count - Lanes.Count; i += Lanes.Count)
        {
            TLanes.Store(to, i, TLanes.Load(gradient, i) * TActivation.Slope(TLanes.Load(x, i)));
        }

        for (; i < count; i++)
        {
            TLanes.Set(to, i, TLanes.Get(gradient, i) * TActivation.Slope(Vector512.Create(TLanes.Get(x, i))).ToScalar());
        }
    }
}
