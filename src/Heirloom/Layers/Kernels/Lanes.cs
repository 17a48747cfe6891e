using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace Heirloom.Layers.Kernels;

/// <summary>Sixteen numbers at a time from memory of some type into float32 and back.</summary>
internal unsafe interface ILanes
{
    /// <summary>Bytes of a number.</summary>
    static abstract int Size { get; }

    /// <param name="from">Start of the numbers.</param>
    /// <param name="at">Index of the first to read.</param>
    static abstract Vector512<float> Load(byte* from, nint at);

    /// <param name="to">Start of the numbers.</param>
    /// <param name="at">Index of the first to write.</param>
    /// <param name="values">Rounded to nearest, ties to even.</param>
    static abstract void Store(byte* to, nint at, Vector512<float> values);

    /// <summary>One number.</summary>
    static abstract float Get(byte* from, nint at);

    /// <summary>One number.</summary>
    static abstract void Set(byte* to, nint at, float value);
}

internal readonly unsafe struct FloatLanes : ILanes
{
    public static int Size => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* from, nint at) => Vector512.Load((float*)from + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, nint at, Vector512<float> values) => values.Store((float*)to + at);

    public static float Get(byte* from, nint at) => ((float*)from)[at];

    public static void Set(byte* to, nint at, float value) => ((float*)to)[at] = value;
}

internal readonly unsafe struct BFloat16Lanes : ILanes
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* from, nint at) =>
        Vector512.ShiftLeft(Avx512F.ConvertToVector512UInt32(Vector256.Load((ushort*)from + at)), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, nint at, Vector512<float> values)
    {
        var bits = values.AsUInt32();
        var odd = Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One;
        Avx512F.ConvertToVector256UInt16(Vector512.ShiftRightLogical(bits + odd + Vector512.Create(0x7FFFu), 16)).Store((ushort*)to + at);
    }

    public static float Get(byte* from, nint at) => BitConverter.UInt32BitsToSingle((uint)((ushort*)from)[at] << 16);

    public static void Set(byte* to, nint at, float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        ((ushort*)to)[at] = (ushort)((bits + ((bits >> 16) & 1) + 0x7FFF) >> 16);
    }
}

/// <summary>What kernels share.</summary>
internal static unsafe class Lanes
{
    public const int Count = 16;

    /// <summary>Whether this processor has what the kernels are written for.</summary>
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;

    /// <summary>Whether a kernel can read and write this tensor's memory as it lies.</summary>
    public static bool Covers(Tensor x) =>
        IsSupported && x.device_type == TorchSharp.DeviceType.CPU && x.dtype is ScalarType.Float32 or ScalarType.BFloat16 && x.is_contiguous() && x.numel() > 0;

    /// <summary>The address of the first element; valid as long as the tensor is.</summary>
    public static byte* Address(Tensor x) => (byte*)Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(x.bytes));

    /// <summary>eˣ to two units in the last place; 0 from −104 down, ∞ from 104 up, not a number where x is none.</summary>
    /// <remarks>Cody–Waite reduction by ln 2 in two parts, then a polynomial of degree 6 on [−ln 2 / 2, ln 2 / 2] (Taylor's, its error below 2⁻²⁴).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // the second operand wins where one is not a number
        x = Avx512F.Min(Vector512.Create(104f), Avx512F.Max(Vector512.Create(-104f), x));
        var n = Avx512F.RoundScale(x * Vector512.Create(1.44269504f), 8);
        var r = Avx512F.FusedMultiplyAddNegated(n, Vector512.Create(0.693145752f), x);
        r = Avx512F.FusedMultiplyAddNegated(n, Vector512.Create(1.42860677e-6f), r);
        var p = Vector512.Create(1f / 720);
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1f / 120));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1f / 24));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1f / 6));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512<float>.One);
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512<float>.One);
        return Avx512F.Scale(p, n);
    }

    /// <summary>The largest of sixteen numbers; which one, where one is not a number, is open.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector512<float> x)
    {
        var eight = Vector256.MaxNative(x.GetLower(), x.GetUpper());
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    /// <summary>The same for one number.</summary>
    public static float Exp(float x) => Exp(Vector512.Create(x)).ToScalar();
}
