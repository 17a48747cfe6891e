using System.Runtime.InteropServices;

namespace Heirloom.Generation.Cpu;

/// <summary>Float32 numbers at a fixed address, aligned to cache lines; zero at first.</summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    private const int Alignment = 64;

    private float* _data;

    public FloatBuffer(long count)
    {
        var bytes = checked((nuint)Math.Max(count, 1) * sizeof(float));
        _data = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(_data, bytes);
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
