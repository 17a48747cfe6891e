using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>An open safetensors file. Opening reads the header alone; values are read when asked for, straight into the tensor's own memory.</summary>
public sealed class SafetensorsFile : IWeights
{
    private readonly RandomAccessFile _file;

    internal SafetensorsFile(string path)
    {
        _file = new(path);
        try
        {
            (Entries, Metadata) = ReadHeader(_file);
        }
        catch
        {
            _file.Dispose();
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
            _file.Fill(tensor, entry.Offset, name);
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
        _file.Visit(entry.Offset, entry.Bytes, name, visit);
    }

    public string FileOf(string name) => _file.Path;

    public void Dispose() => _file.Dispose();

    private static (Dictionary<string, TensorEntry> Entries, Dictionary<string, string> Metadata) ReadHeader(RandomAccessFile file)
    {
        Span<byte> first = stackalloc byte[SafetensorsHeader.LengthBytes];
        var length = SafetensorsHeader.Length(first[..file.Read(first, 0)], file.Length, file.Path);
        var json = new byte[length];
        return file.Read(json, SafetensorsHeader.LengthBytes) == length
            ? SafetensorsHeader.Parse(json, file.Length - SafetensorsHeader.LengthBytes - length, file.Path)
            : throw SafetensorsHeader.Damaged(file.Path, "it ends within its header");
    }

    private TensorEntry Find(string name) => Entries.TryGetValue(name, out var entry)
        ? entry
        : throw new UserError($"holds no tensor '{name}'", _file.Path, UserError.Nearest(name, Entries.Keys.Take(20)));
}
