using System.Runtime.InteropServices;

namespace Heirloom.Generation.Cpu;

/// <summary>Float32 numbers at a fixed address, aligned to cache lines; anything at first, so that memory is taken when it is used.</summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    private const int Alignment = 64;

    private float* _data;

    public FloatBuffer(long count)
    {
        _data = (float*)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(count, 1) * sizeof(float)), Alignment);
    }

    ~FloatBuffer() => Free();

    public float* Data => _data is not null ? _data : throw new ObjectDisposedException(nameof(FloatBuffer));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }
}
