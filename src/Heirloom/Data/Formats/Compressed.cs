using System.IO.Compression;
using SharpCompress.Common;
using SharpCompress.Compressors.BZip2;
using SharpCompress.Compressors.Xz;

namespace Heirloom.Data.Formats;

/// <summary>Files that may be compressed by gzip, bzip2 or xz, told apart by their first bytes and not by their names.</summary>
internal static class Compressed
{
    /// <summary>What is inside a file, as a stream.</summary>
    public static Stream Open(string path) => Open(File.OpenRead(path));

    /// <summary>What is inside a seekable stream.</summary>
    public static Stream Open(Stream stream)
    {
        Span<byte> magic = stackalloc byte[6];
        var start = stream.Position;
        var length = stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        stream.Position = start;
        return magic[..length] switch
        {
            [0x1F, 0x8B, ..] => new GZipStream(stream, CompressionMode.Decompress),
            [(byte)'B', (byte)'Z', (byte)'h', ..] => BZip2Stream.Create(stream, SharpCompress.Compressors.CompressionMode.Decompress, false, false, false),
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0] => new XZStream(stream),
            _ => stream,
        };
    }

    /// <summary>All that is inside a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">More bytes than this are an error, so that a small hostile file cannot fill the memory.</param>
    /// <exception cref="UserError">The file is broken, cut short or too large.</exception>
    public static byte[] ReadAll(string path, long most) => Guard(path, () =>
    {
        using var stream = Open(path);
        return ReadAll(stream, most);
    });

    /// <summary>All of a stream, or an <see cref="InvalidDataException"/> when it holds more than <paramref name="most"/> bytes.</summary>
    public static byte[] ReadAll(Stream stream, long most)
    {
        using var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            if (all.Length + read > most)
            {
                throw new InvalidDataException($"it holds more than {most:N0} bytes");
            }

            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    /// <summary>Runs a reader and turns what decompressors and parsers throw on broken files into one line for the user.</summary>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (IsBroken(e))
        {
            throw new UserError($"the file is broken or cut short ({e.Message.ReplaceLineEndings(" ")})", path, null, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot read: {e.Message}", path, null, e);
        }
    }

    /// <summary>Whether an exception says that the bytes are not what their format asks for; the libraries do not agree on one type.</summary>
    public static bool IsBroken(Exception e) => e is InvalidDataException or EndOfStreamException or SharpCompressException or FormatException or NotSupportedException
        or ArgumentException or OverflowException or InvalidOperationException or IndexOutOfRangeException or NullReferenceException;
}
