using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>Floating-point numbers between the types they are stored in and float32.</summary>
internal static class FloatBytes
{
    /// <summary>Types that float32 holds exactly.</summary>
    public static bool Handles(ScalarType type) => type is ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;

    /// <summary>Widens.</summary>
    /// <returns>The number of elements.</returns>
    public static int ToSingle(ReadOnlySpan<byte> bytes, ScalarType type, Span<float> values)
    {
        switch (type)
        {
            case ScalarType.Float32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                return bytes.Length / sizeof(float);
            case ScalarType.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                return bytes.Length / 2;
            case ScalarType.BFloat16:
                Widen(MemoryMarshal.Cast<byte, ushort>(bytes), MemoryMarshal.Cast<float, uint>(values));
                return bytes.Length / 2;
            case ScalarType.Float64:
                TensorPrimitives.ConvertTruncating<double, float>(MemoryMarshal.Cast<byte, double>(bytes), values);
                return bytes.Length / sizeof(double);
            default:
                throw new ArgumentException($"{type} is no floating-point type", nameof(type));
        }
    }

    /// <summary>Rounds to the nearest, ties to even.</summary>
    public static void FromSingle(ReadOnlySpan<float> values, ScalarType type, Span<byte> bytes)
    {
        switch (type)
        {
            case ScalarType.Float32:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
            case ScalarType.Float16:
                TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes));
                break;
            case ScalarType.BFloat16:
                Narrow(MemoryMarshal.Cast<float, uint>(values), MemoryMarshal.Cast<byte, ushort>(bytes));
                break;
            default:
                throw new ArgumentException($"results are not stored as {type}", nameof(type));
        }
    }

    /// <summary>Whether a value is NaN or infinite.</summary>
    public static bool HasNonFinite(ReadOnlySpan<float> values)
    {
        var exponent = new Vector<uint>(0x7F80_0000);
        var bits = MemoryMarshal.Cast<float, uint>(values);
        var at = 0;
        for (; at <= bits.Length - Vector<uint>.Count; at += Vector<uint>.Count)
        {
            if (Vector.EqualsAny(new Vector<uint>(bits[at..]) & exponent, exponent))
            {
                return true;
            }
        }

        for (; at < bits.Length; at++)
        {
            if ((bits[at] & 0x7F80_0000) == 0x7F80_0000)
            {
                return true;
            }
        }

        return false;
    }

    private static void Widen(ReadOnlySpan<ushort> halves, Span<uint> bits)
    {
        var at = 0;
        for (; at <= halves.Length - Vector<ushort>.Count; at += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(halves[at..]), out var low, out var high);
            Vector.ShiftLeft(low, 16).CopyTo(bits[at..]);
            Vector.ShiftLeft(high, 16).CopyTo(bits[(at + Vector<uint>.Count)..]);
        }

        for (; at < halves.Length; at++)
        {
            bits[at] = (uint)halves[at] << 16;
        }
    }

    private static void Narrow(ReadOnlySpan<uint> bits, Span<ushort> halves)
    {
        var (half, one) = (new Vector<uint>(0x7FFF), Vector<uint>.One);
        var at = 0;
        for (; at <= bits.Length - Vector<ushort>.Count; at += Vector<ushort>.Count)
        {
            var low = Round(new Vector<uint>(bits[at..]));
            var high = Round(new Vector<uint>(bits[(at + Vector<uint>.Count)..]));
            Vector.Narrow(low, high).CopyTo(halves[at..]);
        }

        for (; at < bits.Length; at++)
        {
            halves[at] = (ushort)((bits[at] + 0x7FFF + ((bits[at] >> 16) & 1)) >> 16);
        }

        Vector<uint> Round(Vector<uint> wide) => Vector.ShiftRightLogical(wide + half + (Vector.ShiftRightLogical(wide, 16) & one), 16);
    }
}
