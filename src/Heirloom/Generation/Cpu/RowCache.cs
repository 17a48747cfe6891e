namespace Heirloom.Generation.Cpu;

/// <summary>Keys and values of one row: for each layer and key head, its positions one after the other.</summary>
internal sealed unsafe class RowCache : IDisposable
{
    private readonly int _layers, _heads, _width, _capacity;
    private readonly FloatBuffer _keys, _values;

    public RowCache(int layers, int heads, int width, int capacity)
    {
        (_layers, _heads, _width, _capacity) = (layers, heads, width, capacity);
        _keys = new((long)layers * heads * capacity * width);
        _values = new((long)layers * heads * capacity * width);
    }

    /// <summary>Positions that it holds.</summary>
    public int Length { get; set; }

    /// <summary><c>[capacity, width]</c></summary>
    public float* Keys(int layer, int head) => _keys.Data + Offset(layer, head);

    /// <summary><c>[capacity, width]</c></summary>
    public float* Values(int layer, int head) => _values.Data + Offset(layer, head);

    /// <summary>Takes over what another one of the same shape holds.</summary>
    public void CopyFrom(RowCache other)
    {
        Length = other.Length;
        for (var layer = 0; layer < _layers; layer++)
        {
            for (var head = 0; head < _heads; head++)
            {
                var count = Length * _width;
                new Span<float>(other.Keys(layer, head), count).CopyTo(new(Keys(layer, head), count));
                new Span<float>(other.Values(layer, head), count).CopyTo(new(Values(layer, head), count));
            }
        }
    }

    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }

    private long Offset(int layer, int head) => (((long)layer * _heads) + head) * _capacity * _width;
}
