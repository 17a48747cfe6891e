using System.Buffers.Binary;

namespace Heirloom.Checkpoints.Pickles;

/// <summary>A file within an archive.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Header">Where its own header stands.</param>
/// <param name="Stored">Bytes that it takes in the archive.</param>
/// <param name="Bytes">Bytes of its content.</param>
/// <param name="Compressed">Whether its content is compressed (by deflate).</param>
internal sealed record ZipItem(string Name, long Header, long Stored, long Bytes, bool Compressed);

/// <summary>
/// What a zip archive holds, and where: <c>System.IO.Compression</c> does not tell at which byte a file starts, which reading a part of a large one takes.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndBytes = 22, LocatorBytes = 20, End64Bytes = 56, ItemBytes = 46, HeaderBytes = 30, MaxComment = 65535;
    private const uint EndMark = 0x06054b50, LocatorMark = 0x07064b50, End64Mark = 0x06064b50, ItemMark = 0x02014b50, HeaderMark = 0x04034b50, Wide = 0xffffffff;
    private const long MaxBytes = 100_000_000;
    private const ushort Encrypted = 1, WideExtra = 1, Deflated = 8;

    /// <summary>Deflate makes nothing smaller than this share.</summary>
    private const long MaxRatio = 1040;

    private readonly RandomAccessFile _file;

    public ZipDirectory(RandomAccessFile file)
    {
        _file = file;
        var (offset, length) = Find();
        if (length is < 0 or > MaxBytes || offset < 0 || offset > file.Length - length)
        {
            throw Damaged("the directory of the archive does not lie within it");
        }

        var bytes = new byte[length];
        file.Fill(bytes, offset, null);
        Items = Read(bytes);
    }

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, ZipItem> Items { get; }

    /// <summary>First byte of a file's content in the archive.</summary>
    public long Start(ZipItem item)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (item.Header > _file.Length - HeaderBytes || _file.Read(header, item.Header) < HeaderBytes || UInt32(header) != HeaderMark)
        {
            throw Damaged($"'{item.Name}' is not where the directory of the archive says");
        }

        var start = item.Header + HeaderBytes + UInt16(header[26..]) + UInt16(header[28..]);
        return start <= _file.Length - item.Stored ? start : throw Damaged($"'{item.Name}' reaches beyond the end of the archive");
    }

    private (long Offset, long Length) Find()
    {
        var tail = new byte[Math.Min(_file.Length, EndBytes + MaxComment)];
        var start = _file.Length - tail.Length;
        _file.Fill(tail, start, null);
        for (var at = tail.Length - EndBytes; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (UInt32(end) == EndMark && UInt16(end[20..]) == end.Length - EndBytes)
            {
                return Find64(start + at) ?? (UInt32(end[16..]), UInt32(end[12..]));
            }
        }

        throw Damaged("the archive has no directory at its end");
    }

    private (long Offset, long Length)? Find64(long end)
    {
        Span<byte> locator = stackalloc byte[LocatorBytes], end64 = stackalloc byte[End64Bytes];
        if (end < LocatorBytes || _file.Read(locator, end - LocatorBytes) < LocatorBytes || UInt32(locator) != LocatorMark)
        {
            return null;
        }

        var at = Int64(locator[8..]);
        return at >= 0 && at <= _file.Length - End64Bytes && _file.Read(end64, at) == End64Bytes && UInt32(end64) == End64Mark
            ? (Int64(end64[48..]), Int64(end64[40..]))
            : throw Damaged("the directory of the archive is not where it says");
    }

    private Dictionary<string, ZipItem> Read(ReadOnlySpan<byte> bytes)
    {
        var items = new Dictionary<string, ZipItem>();
        while (bytes.Length >= ItemBytes && UInt32(bytes) == ItemMark)
        {
            var (name, extra, comment) = (UInt16(bytes[28..]), UInt16(bytes[30..]), UInt16(bytes[32..]));
            if (bytes.Length - ItemBytes < name + extra + comment)
            {
                throw Damaged("the directory of the archive is cut off");
            }

            var item = Item(bytes, TextEncoding.UTF8.GetString(bytes.Slice(ItemBytes, name)), bytes.Slice(ItemBytes + name, extra));
            if (!items.TryAdd(item.Name, item))
            {
                throw Damaged($"the archive holds '{item.Name}' twice");
            }

            bytes = bytes[(ItemBytes + name + extra + comment)..];
        }

        return items;
    }

    private ZipItem Item(ReadOnlySpan<byte> entry, string name, ReadOnlySpan<byte> extra)
    {
        var (stored, bytes, header, method) = ((long)UInt32(entry[20..]), (long)UInt32(entry[24..]), (long)UInt32(entry[42..]), UInt16(entry[10..]));
        for (; extra.Length >= 4 && UInt16(extra[2..]) <= extra.Length - 4; extra = extra[(4 + UInt16(extra[2..]))..])
        {
            if (UInt16(extra) == WideExtra)
            {
                var wide = extra.Slice(4, UInt16(extra[2..]));
                Widen(ref bytes, ref wide);
                Widen(ref stored, ref wide);
                Widen(ref header, ref wide);
            }
        }

        if ((UInt16(entry[8..]) & Encrypted) != 0 || method is not (0 or Deflated))
        {
            throw Damaged($"'{name}' is encrypted, or compressed in a way that is not known");
        }

        return header >= 0 && stored >= 0 && bytes >= 0 && stored <= _file.Length && (method == 0 ? bytes == stored : bytes <= stored * MaxRatio)
            ? new(name, header, stored, bytes, method == Deflated)
            : throw Damaged($"'{name}' has sizes that cannot be");
    }

    private static void Widen(ref long value, ref ReadOnlySpan<byte> wide)
    {
        if (value == Wide && wide.Length >= sizeof(long))
        {
            value = Int64(wide);
            wide = wide[sizeof(long)..];
        }
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static long Int64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);

    private UserError Damaged(string what) => SafetensorsHeader.Damaged(_file.Path, what);
}
