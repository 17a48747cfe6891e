using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>
/// A file of weights, read by position straight into the memory of a tensor: that costs the one copy that mapping the file into memory costs too, and a file
/// that another program cuts off meanwhile is an error here where it would end the process there.
/// </summary>
internal sealed class RandomAccessFile : IDisposable
{
    private const int VisitBytes = 1 << 20;
    private readonly SafeFileHandle _handle;

    /// <exception cref="UserError">There is no such file, or it cannot be opened.</exception>
    public RandomAccessFile(string path)
    {
        Path = path;
        try
        {
            _handle = File.OpenHandle(path, options: FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError(e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : $"cannot be opened: {e.Message}", path, inner: e);
        }

        Length = RandomAccess.GetLength(_handle);
    }

    public string Path { get; }

    /// <summary>Bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Reads what is there.</summary>
    /// <returns>The number of bytes, less than asked for at the file's end.</returns>
    public int Read(Span<byte> buffer, long offset)
    {
        var done = 0;
        while (done < buffer.Length)
        {
            var read = RandomAccess.Read(_handle, buffer[done..], offset + done);
            if (read == 0)
            {
                break;
            }

            done += read;
        }

        return done;
    }

    /// <summary>Reads so many bytes.</summary>
    /// <exception cref="UserError">The file has become shorter.</exception>
    public void Fill(Span<byte> bytes, long offset, string? tensor)
    {
        if (Read(bytes, offset) < bytes.Length)
        {
            throw SafetensorsHeader.Damaged(tensor is null ? Path : SafetensorsHeader.Tensor(Path, tensor), "the file was cut off while it was open");
        }
    }

    /// <summary>Reads the values of a contiguous tensor.</summary>
    public void Fill(Tensor tensor, long offset, string name) => TensorBytes.Pass(tensor, bytes =>
    {
        Fill(bytes, offset, name);
        offset += bytes.Length;
        CheckBits(tensor.dtype, bytes, name);
    });

    /// <summary>Shows so many bytes in pieces.</summary>
    public void Visit(long offset, long length, string name, ReadOnlySpanVisitor visit)
    {
        var buffer = new byte[Math.Min(VisitBytes, length)];
        for (var done = 0L; done < length;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done));
            Fill(part, offset + done, name);
            visit(part);
            done += part.Length;
        }
    }

    /// <summary>Refuses truth values that are neither true nor false, with which libtorch would compute undefined results.</summary>
    public void CheckBits(ScalarType type, ReadOnlySpan<byte> bytes, string name)
    {
        if (type == ScalarType.Bool && bytes.ContainsAnyExceptInRange<byte>(0, 1))
        {
            throw SafetensorsHeader.Damaged(SafetensorsHeader.Tensor(Path, name), "a BOOL is neither 0 nor 1");
        }
    }

    public void Dispose() => _handle.Dispose();
}
