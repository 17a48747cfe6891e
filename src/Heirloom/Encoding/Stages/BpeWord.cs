namespace Heirloom.Encoding.Stages;

/// <summary>The symbols of a piece while they are merged: ids and lengths in bytes. Borrowed and given back, one or two a thread.</summary>
internal sealed class BpeWord : IDisposable
{
    /// <summary>Greater ones, which a document without a space makes, are not kept.</summary>
    private const int MostKept = 1 << 16;

    [ThreadStatic]
    private static BpeWord? s_spare;

    private int[] _ids = new int[256], _lengths = new int[256];

    public int Count { get; private set; }

    public Span<int> Ids => _ids.AsSpan(0, Count);

    public Span<int> Lengths => _lengths.AsSpan(0, Count);

    public static BpeWord Rent()
    {
        var word = s_spare ?? new();
        s_spare = null;
        word.Count = 0;
        return word;
    }

    public void Add(int id, int length)
    {
        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, Count * 2);
            Array.Resize(ref _lengths, Count * 2);
        }

        _ids[Count] = id;
        _lengths[Count++] = length;
    }

    /// <summary>Keeps only the first so many.</summary>
    public void Shorten(int count) => Count = count;

    public void Dispose() => s_spare = _ids.Length <= MostKept ? this : null;
}
