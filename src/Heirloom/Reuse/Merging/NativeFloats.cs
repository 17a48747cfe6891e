using System.Buffers;
using System.Runtime.InteropServices;

namespace Heirloom.Reuse.Merging;

/// <summary>Floats outside of the collected heap, given back at once: a budget of memory could not be kept with what a collector frees some day.</summary>
internal sealed unsafe class NativeFloats : MemoryManager<float>
{
    private readonly int _length;
    private float* _start;

    public NativeFloats(int length)
    {
        _length = length;
        _start = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1) * sizeof(float), 64);
    }

    public int Length => _length;

    public override Span<float> GetSpan() => _start is null ? throw new ObjectDisposedException(nameof(NativeFloats)) : new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
