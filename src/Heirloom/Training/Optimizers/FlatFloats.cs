using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Heirloom.Layers.Kernels;
using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>Views of CPU tensors as plain memory, for passes that would take many tensor operations.</summary>
internal static class FlatFloats
{
    /// <summary>Work is cut here whatever the number of threads, so that sums do not depend on it.</summary>
    public const int Chunk = 1 << 15;

    /// <summary>Whether all lie on the CPU, contiguous, as float32.</summary>
    public static bool All(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            if (tensor.device_type != TorchSharp.DeviceType.CPU || tensor.dtype != ScalarType.Float32 || !tensor.is_contiguous() || tensor.numel() == 0 || tensor.numel() > int.MaxValue / sizeof(float))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The address of a tensor's first element; valid as long as the tensor is.</summary>
    public static unsafe float* Address(Tensor tensor) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    /// <summary>Runs over chunks of <c>[0, count)</c>, in parallel where that pays.</summary>
    public static void ForChunks(long count, Action<int, int, int> chunk)
    {
        var chunks = (int)((count + Chunk - 1) / Chunk);
        Team.For(chunks, i => chunk(i, i * Chunk, (int)Math.Min(Chunk, count - ((long)i * Chunk))));
    }
}
