using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>
/// An open safetensors file. Opening reads the header alone. Values are read by position straight into the tensor's own memory: that costs the one copy that
/// mapping the file into memory costs too, and a file that another program cuts off meanwhile is an error here where it would end the process there.
/// </summary>
public sealed class SafetensorsFile : IWeights
{
    private const int VisitBytes = 1 << 20;
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    internal SafetensorsFile(string path)
    {
        _path = path;
        try
        {
            _handle = File.OpenHandle(path, options: FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError(e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : $"cannot be opened: {e.Message}", path, inner: e);
        }

        try
        {
            (Entries, Metadata) = ReadHeader(_handle, path);
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public Tensor Read(string name)
    {
        var entry = Find(name);
        var tensor = empty([.. entry.Shape], dtype: entry.Type);
        try
        {
            var offset = entry.Offset;
            TensorBytes.Pass(tensor, bytes =>
            {
                Fill(bytes, offset, name);
                offset += bytes.Length;
                if (entry.Type == ScalarType.Bool && bytes.ContainsAnyExceptInRange<byte>(0, 1))
                {
                    throw SafetensorsHeader.Damaged(SafetensorsHeader.Tensor(_path, name), "a BOOL is neither 0 nor 1");
                }
            });
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    public void Visit(string name, ReadOnlySpanVisitor visit)
    {
        var entry = Find(name);
        var buffer = new byte[Math.Min(VisitBytes, entry.Bytes)];
        for (var done = 0L; done < entry.Bytes;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.Bytes - done));
            Fill(part, entry.Offset + done, name);
            visit(part);
            done += part.Length;
        }
    }

    public string FileOf(string name) => _path;

    public void Dispose() => _handle.Dispose();

    private static (Dictionary<string, TensorEntry> Entries, Dictionary<string, string> Metadata) ReadHeader(SafeFileHandle handle, string path)
    {
        var fileLength = RandomAccess.GetLength(handle);
        Span<byte> first = stackalloc byte[SafetensorsHeader.LengthBytes];
        var length = SafetensorsHeader.Length(first[..ReadFully(handle, first, 0)], fileLength, path);
        var json = new byte[length];
        return ReadFully(handle, json, SafetensorsHeader.LengthBytes) == length
            ? SafetensorsHeader.Parse(json, fileLength - SafetensorsHeader.LengthBytes - length, path)
            : throw SafetensorsHeader.Damaged(path, "it ends within its header");
    }

    private static int ReadFully(SafeFileHandle handle, Span<byte> buffer, long offset)
    {
        var done = 0;
        while (done < buffer.Length)
        {
            var read = RandomAccess.Read(handle, buffer[done..], offset + done);
            if (read == 0)
            {
                break;
            }

            done += read;
        }

        return done;
    }

    private TensorEntry Find(string name) => Entries.TryGetValue(name, out var entry)
        ? entry
        : throw new UserError($"holds no tensor '{name}'", _path, UserError.Nearest(name, Entries.Keys.Take(20)));

    private void Fill(Span<byte> bytes, long offset, string name)
    {
        if (ReadFully(_handle, bytes, offset) < bytes.Length)
        {
            throw SafetensorsHeader.Damaged(SafetensorsHeader.Tensor(_path, name), "the file was cut off while it was open");
        }
    }
}
