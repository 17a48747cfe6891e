using System.Buffers.Binary;
using System.IO.Compression;
using SharpCompress.Compressors.BZip2;
using SharpCompress.Compressors.LZMA;

namespace Heirloom.Data.Formats;

/// <summary>Opens R's data files: <c>.rda</c>/<c>.RData</c>, <c>.rds</c>, and a package's lazy-load pair <c>.rdx</c> + <c>.rdb</c>.</summary>
public static class RFile
{
    private const long Most = 1L << 29;

    /// <summary>Reads a <c>.rda</c> (a list of named values) or a <c>.rds</c> (one value), compressed or not.</summary>
    /// <exception cref="UserError">The file is broken, or holds what is no data.</exception>
    public static RValue Read(string path)
    {
        var bytes = Compressed.ReadAll(path, Most);
        return Compressed.Guard(path, () => RReader.Read(bytes, bytes is [(byte)'R', (byte)'D', (byte)'X', (byte)'2' or (byte)'3', (byte)'\n', ..] ? 5 : 0));
    }

    /// <summary>Reads one value of a lazy-load pair.</summary>
    /// <param name="index">The <c>.rdx</c> file; the <c>.rdb</c> file stands beside it.</param>
    /// <param name="name">The value's name.</param>
    /// <exception cref="UserError">There is no such value, or the files are broken.</exception>
    public static RValue ReadLazy(string index, string name)
    {
        var variables = Read(index) is RList root ? root["variables"] : null;
        var place = variables is RList list ? list[name] : null;
        if (place is not RIntegers { Values: [var offset, var length] })
        {
            throw new UserError($"there is no value '{name}'", index, variables is null ? null : UserError.Nearest(name, variables.Strings("names").OfType<string>()));
        }

        var path = Path.ChangeExtension(index, ".rdb");
        return Compressed.Guard(path, () =>
        {
            using var file = File.OpenRead(path);
            if (offset < 0 || length < 5 || offset + (long)length > file.Length)
            {
                throw new EndOfStreamException($"'{name}' lies outside the file");
            }

            var chunk = new byte[length];
            file.Position = offset;
            file.ReadExactly(chunk);
            return RReader.Read(Unpack(chunk));
        });
    }

    /// <summary>A chunk is its unpacked length (4 bytes), and then either a zlib stream or a letter for the method and its bytes.</summary>
    internal static byte[] Unpack(byte[] chunk)
    {
        long length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
        if (length > Most)
        {
            throw new InvalidDataException($"{length:N0} bytes are announced");
        }

        using var packed = new MemoryStream(chunk, 5, chunk.Length - 5);
        using var stream = chunk[4] switch
        {
            (byte)'Z' => LzmaStream.Create([DictionaryFor(length)], packed, packed.Length, length, null, true, false),
            (byte)'2' => BZip2Stream.Create(packed, SharpCompress.Compressors.CompressionMode.Decompress, false, false, false),
            (byte)'0' => (Stream)packed,
            _ => new ZLibStream(new MemoryStream(chunk, 4, chunk.Length - 4), CompressionMode.Decompress),
        };
        var bytes = Compressed.ReadAll(stream, length);
        return bytes.Length == length ? bytes : throw new EndOfStreamException($"{length} bytes are announced and {bytes.Length} came");
    }

    /// <summary>LZMA2's code for a dictionary that holds the whole output: a chunk does not say how large the writer's was.</summary>
    private static byte DictionaryFor(long length)
    {
        byte code = 0;
        while ((2L | (code & 1L)) << ((code / 2) + 11) < length)
        {
            code++;
        }

        return code;
    }
}
