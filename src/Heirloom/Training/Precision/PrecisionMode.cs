using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training.Precision;

/// <summary>In what the forward pass computes; weights, gradients and optimizer state stay as they are.</summary>
public enum PrecisionMode
{
    /// <summary>bfloat16 where the hardware multiplies it natively and the model is large enough to gain by it, float32 elsewhere.</summary>
    Auto,

    Float32,

    /// <summary>Autocast: matrix products and convolutions in bfloat16, sums and norms in float32.</summary>
    BFloat16,
}

public static class PrecisionModes
{
    /// <summary>A model with fewer weights spends more time on casts than its smaller products save (measured: a transformer of 88,000 takes twice as long).</summary>
    public const long WorthCasting = 250_000;

    /// <summary>Whether this mode computes in bfloat16 on a device.</summary>
    /// <param name="mode">Setting.</param>
    /// <param name="device">Where.</param>
    /// <param name="weights">Parameters of the model.</param>
    /// <exception cref="UserError">bfloat16 was asked for and this build of libtorch offers no autocast.</exception>
    public static bool UsesBFloat16(this PrecisionMode mode, Device device, long weights) => mode switch
    {
        PrecisionMode.Float32 => false,
        PrecisionMode.BFloat16 => Autocast.IsSupported
            ? true
            : throw new UserError("this libtorch exports no autocast", "precision", "use float32"),
        _ => Autocast.IsSupported && weights >= WorthCasting && device.type switch
        {
            DeviceType.CPU => HasBFloat16Instructions,
            DeviceType.CUDA => true,
            _ => false,
        },
    };

    /// <summary>AVX512_BF16: CPUID leaf 7, subleaf 1, EAX bit 5. Without it bfloat16 is emulated and slower than float32.</summary>
    public static bool HasBFloat16Instructions { get; } =
        X86Base.IsSupported && Avx512F.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
}
