using System.Buffers.Binary;

namespace Heirloom.Checkpoints.Pickles;

/// <summary>The bytes of a pickle, read once from front to back. It asks for no memory before it knows that the file holds so much.</summary>
internal sealed class PickleInput(RandomAccessFile file, long start, long end)
{
    /// <summary>More than any model's names and shapes take; a tensor's values are not part of the pickle.</summary>
    private const int MaxText = 1 << 24, MaxLine = 1024;
    private const long MaxBytes = 100_000_000;

    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly long _start = start;
    private long _bufferStart = start;
    private int _length, _next;

    /// <summary>Offset in the file of the next byte.</summary>
    public long Position => _bufferStart + _next;

    public byte Byte()
    {
        if (_next == _length)
        {
            Refill();
        }

        return _buffer[_next++];
    }

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(stackalloc byte[2]));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(stackalloc byte[4]));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(stackalloc byte[8]));

    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Bytes(stackalloc byte[8]));

    public byte[] Bytes(ulong length)
    {
        if (length > MaxText || (long)length > end - Position)
        {
            throw Damaged($"a text of {length} bytes does not fit it");
        }

        var bytes = new byte[length];
        Bytes(bytes.AsSpan());
        return bytes;
    }

    public string Text(ulong length)
    {
        try
        {
            return Strict.GetString(Bytes(length));
        }
        catch (ArgumentException e)
        {
            throw Damaged("a text in it is not valid Unicode", e);
        }
    }

    /// <summary>Text up to the end of its line, as the oldest protocol writes numbers and names.</summary>
    public string Line()
    {
        var line = new List<byte>();
        for (var b = Byte(); b != '\n'; b = Byte())
        {
            if (line.Count == MaxLine)
            {
                throw Damaged("a line in it is too long");
            }

            line.Add(b);
        }

        return TextEncoding.Latin1.GetString([.. line]);
    }

    public UserError Damaged(string what, Exception? inner = null) => SafetensorsHeader.Damaged(file.Path, $"{what} (at byte {Position})", inner);

    private static readonly System.Text.UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Span<byte> Bytes(Span<byte> bytes)
    {
        for (var done = 0; done < bytes.Length;)
        {
            if (_next == _length)
            {
                Refill();
            }

            var part = Math.Min(bytes.Length - done, _length - _next);
            _buffer.AsSpan(_next, part).CopyTo(bytes[done..]);
            _next += part;
            done += part;
        }

        return bytes;
    }

    private void Refill()
    {
        _bufferStart += _length;
        _next = 0;
        _length = 0;
        var wanted = (int)Math.Min(_buffer.Length, end - _bufferStart);
        if (_bufferStart - _start > MaxBytes)
        {
            throw Damaged("its pickle is longer than that of any model");
        }

        if (wanted <= 0)
        {
            throw Damaged("it ends within a pickle");
        }

        file.Fill(_buffer.AsSpan(0, wanted), _bufferStart, null);
        _length = wanted;
    }
}
