using static TorchSharp.torch;

namespace Heirloom.Checkpoints.Pickles;

/// <summary>
/// An open <c>.bin</c>, <c>.pt</c> or <c>.pth</c> file of PyTorch. Such a file is a program, of which only what describes tensors is understood (see
/// <see cref="PickleMachine"/>): nothing is ever run. Values are read when asked for.
/// </summary>
public sealed class PickleFile : IWeights
{
    /// <summary>A view that repeats elements may be larger than what is stored, though not so that a small file asks for much memory.</summary>
    private const long MaxRepeated = 1 << 20;

    private readonly RandomAccessFile _file;
    private readonly Dictionary<string, (PickleTensor Tensor, StoragePlace Place)> _tensors = [];

    /// <exception cref="UserError">Missing, damaged, or something in it is no tensor, dictionary, list, number or text; the message names it.</exception>
    public PickleFile(string path)
    {
        _file = new(path);
        try
        {
            var contents = TorchContents.Of(_file);
            var entries = new Dictionary<string, TensorEntry>();
            foreach (var (name, tensor) in PickleNames.Tensors(contents.Root, path))
            {
                entries[name] = Entry(name, tensor, contents.Places);
            }

            Entries = entries;
            Metadata = PickleNames.Texts(contents.Root);
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
        var (tensor, place) = Find(name);
        using var scope = NewDisposeScope();
        // all elements from the first to the last that it views, which is it where it is contiguous
        var stored = empty(tensor.Span, dtype: tensor.Type);
        var size = TensorTypes.Size(tensor.Type);
        if (place.Compressed)
        {
            Inflate(stored, tensor.First * size, place, name);
        }
        else
        {
            _file.Fill(stored, place.Offset + (tensor.First * size), name);
        }

        var view = tensor.IsContiguous ? stored.view([.. tensor.Shape]) : stored.as_strided([.. tensor.Shape], [.. tensor.Strides]).contiguous();
        return view.MoveToOuterDisposeScope();
    }

    public void Visit(string name, ReadOnlySpanVisitor visit)
    {
        var (tensor, place) = Find(name);
        if (tensor.IsContiguous && !place.Compressed)
        {
            _file.Visit(place.Offset + (tensor.First * TensorTypes.Size(tensor.Type)), Entries[name].Bytes, name, visit);
            return;
        }

        using var values = Read(name);
        TensorBytes.Pass(values, bytes => visit(bytes));
    }

    public string FileOf(string name) => _file.Path;

    public void Dispose() => _file.Dispose();

    private TensorEntry Entry(string name, PickleTensor tensor, IReadOnlyDictionary<string, StoragePlace> places)
    {
        var where = SafetensorsHeader.Tensor(_file.Path, name);
        var (size, count) = (TensorTypes.Size(tensor.Type), tensor.Shape.Aggregate(1L, (product, length) => product * length));
        if (!places.TryGetValue(tensor.Storage.Key, out var place))
        {
            throw SafetensorsHeader.Damaged(where, $"its storage '{tensor.Storage.Key}' is missing");
        }

        if (tensor.Storage.Bytes > place.Bytes)
        {
            throw SafetensorsHeader.Damaged(where, $"its storage '{tensor.Storage.Key}' holds {place.Bytes} bytes instead of {tensor.Storage.Bytes}");
        }

        if (count * size > Math.Max(place.Bytes, MaxRepeated))
        {
            throw new UserError($"a view of shape {TensorTypes.Text(tensor.Shape)} repeats the {place.Bytes} bytes of its storage", where, "save the tensor itself instead of an expanded view");
        }

        if (!_tensors.TryAdd(name, (tensor, place)))
        {
            throw SafetensorsHeader.Damaged(where, "two tensors have this name");
        }

        return new(name, tensor.Type, tensor.Shape, place.Offset + (place.Compressed ? 0 : tensor.First * size), count * size);
    }

    private void Inflate(Tensor stored, long skip, StoragePlace place, string name)
    {
        try
        {
            using var stream = TorchContents.Open(_file, place);
            var passed = new byte[1 << 16];
            while (skip > 0)
            {
                var part = (int)Math.Min(skip, passed.Length);
                stream.ReadExactly(passed.AsSpan(0, part));
                skip -= part;
            }

            TensorBytes.Pass(stored, bytes =>
            {
                stream.ReadExactly(bytes);
                _file.CheckBits(stored.dtype, bytes, name);
            });
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw SafetensorsHeader.Damaged(SafetensorsHeader.Tensor(_file.Path, name), "its compressed bytes are damaged", e);
        }
    }

    private (PickleTensor Tensor, StoragePlace Place) Find(string name) => _tensors.TryGetValue(name, out var found)
        ? found
        : throw new UserError($"holds no tensor '{name}'", _file.Path, UserError.Nearest(name, Entries.Keys.Take(20)));
}
