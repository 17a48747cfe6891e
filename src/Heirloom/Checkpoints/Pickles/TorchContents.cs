using System.Buffers.Binary;
using System.IO.Compression;

namespace Heirloom.Checkpoints.Pickles;

/// <summary>Where the bytes of a storage lie.</summary>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Stored">Bytes that it takes there.</param>
/// <param name="Bytes">Bytes of the storage.</param>
/// <param name="Compressed">Whether they are compressed.</param>
internal sealed record StoragePlace(long Offset, long Stored, long Bytes, bool Compressed);

/// <summary>What a file of PyTorch holds: the object that was saved, and where the storages lie that its tensors view.</summary>
/// <param name="Root">The object.</param>
/// <param name="Places">By the storages' keys.</param>
internal sealed record TorchContents(object? Root, IReadOnlyDictionary<string, StoragePlace> Places)
{
    private const string PickleName = "/data.pkl", Order = "/byteorder";
    private const long MaxPickle = 100_000_000, Protocol = 1001;

    /// <summary>The number with which every file of the older format starts.</summary>
    private static readonly Int128 Magic = Int128.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads everything but values: both the archive that PyTorch has written since 1.6 and the stream before it.</summary>
    public static TorchContents Of(RandomAccessFile file)
    {
        Span<byte> first = stackalloc byte[4];
        return file.Read(first, 0) switch
        {
            4 when first.SequenceEqual("PK\x03\x04"u8) => OfArchive(file),
            > 1 when first[0] == 0x80 => OfStream(file),
            _ => throw new UserError("is neither an archive nor a stream that PyTorch saved", file.Path, "name a .bin, .pt or .pth file with a state dictionary, or a safetensors file"),
        };
    }

    private static TorchContents OfArchive(RandomAccessFile file)
    {
        var zip = new ZipDirectory(file);
        var pickles = zip.Items.Values.Where(item => item.Name.EndsWith(PickleName, StringComparison.Ordinal) && item.Name.IndexOf('/') == item.Name.Length - PickleName.Length).ToList();
        if (pickles is not [var pickle])
        {
            throw new UserError("is an archive that PyTorch did not save", file.Path, "name a file with a state dictionary");
        }

        var root = pickle.Name[..^PickleName.Length];
        if (zip.Items.ContainsKey(root + "/constants.pkl"))
        {
            throw new UserError("is a TorchScript program, and no program is run", file.Path, "save the model's state dictionary alone, best as safetensors");
        }

        if (zip.Items.TryGetValue(root + Order, out var order) && TextEncoding.Latin1.GetString(Content(file, zip, order, 16)) != "little")
        {
            throw new UserError("was saved on a machine that writes the high byte first", file.Path, "save it again as safetensors");
        }

        var places = new Dictionary<string, StoragePlace>();
        var prefix = root + "/data/";
        foreach (var item in zip.Items.Values.Where(item => item.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            places.Add(item.Name[prefix.Length..], new(zip.Start(item), item.Stored, item.Bytes, item.Compressed));
        }

        return new(Program(file, zip, pickle), places);
    }

    private static object? Program(RandomAccessFile file, ZipDirectory zip, ZipItem pickle)
    {
        if (!pickle.Compressed)
        {
            var start = zip.Start(pickle);
            return PickleMachine.Run(new(file, start, start + pickle.Bytes), file.Path);
        }

        throw new UserError("holds a compressed pickle, as PyTorch never writes it", file.Path, "save it again, best as safetensors");
    }

    private static byte[] Content(RandomAccessFile file, ZipDirectory zip, ZipItem item, int max)
    {
        if (item.Compressed || item.Bytes > max)
        {
            throw SafetensorsHeader.Damaged(file.Path, $"'{item.Name}' is not as PyTorch writes it");
        }

        var bytes = new byte[item.Bytes];
        file.Fill(bytes, zip.Start(item), null);
        return bytes;
    }

    /// <summary>Four pickles (a number, a version, the machine, the object), one with the keys of the storages, and then these, each with its length before it.</summary>
    private static TorchContents OfStream(RandomAccessFile file)
    {
        var input = new PickleInput(file, 0, file.Length);
        if (PickleMachine.Run(input, file.Path) is not Int128 number || number != Magic)
        {
            throw new UserError("is a pickle that PyTorch did not save", file.Path, "name a file with a state dictionary");
        }

        if (PickleMachine.Run(input, file.Path) is not Protocol || PickleMachine.Run(input, file.Path) is not PickleDictionary machine)
        {
            throw new UserError("is of a version of PyTorch's format that is not known", file.Path, "save it again, best as safetensors");
        }

        if (machine.Items.Any(i => i is { Key: "little_endian", Value: false }))
        {
            throw new UserError("was saved on a machine that writes the high byte first", file.Path, "save it again as safetensors");
        }

        var storages = new List<PickleStorage>();
        var root = PickleMachine.Run(input, file.Path, storages);
        var sizes = new Dictionary<string, long>();
        foreach (var storage in storages)
        {
            sizes[storage.Key] = storage.Type is { } type ? TensorTypes.Size(type) : 1;
        }

        if (PickleMachine.Run(input, file.Path) is not PickleList keys)
        {
            throw SafetensorsHeader.Damaged(file.Path, "it does not say which storages follow");
        }

        return new(root, Locate(file, input.Position, keys, sizes));
    }

    private static Dictionary<string, StoragePlace> Locate(RandomAccessFile file, long position, PickleList keys, Dictionary<string, long> sizes)
    {
        var places = new Dictionary<string, StoragePlace>();
        Span<byte> length = stackalloc byte[sizeof(long)];
        foreach (var item in keys.Items)
        {
            if (item is not string key || !sizes.TryGetValue(key, out var size) || file.Read(length, position) < length.Length)
            {
                throw SafetensorsHeader.Damaged(file.Path, "it holds a storage that it does not describe, or ends before one that it names");
            }

            position += sizeof(long);
            var count = BinaryPrimitives.ReadInt64LittleEndian(length);
            if (count < 0 || count > (file.Length - position) / size || !places.TryAdd(key, new(position, count * size, count * size, Compressed: false)))
            {
                throw SafetensorsHeader.Damaged(file.Path, "a storage does not fit the bytes that are left, or comes twice");
            }

            position += count * size;
        }

        return places;
    }

    /// <summary>A compressed storage, front to back.</summary>
    public static Stream Open(RandomAccessFile file, StoragePlace place) => new DeflateStream(new Part(file, place.Offset, place.Stored), CompressionMode.Decompress);

    private sealed class Part(RandomAccessFile file, long offset, long length) : Stream
    {
        private long _done;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get => _done; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int start, int count) => Read(buffer.AsSpan(start, count));

        public override int Read(Span<byte> buffer)
        {
            var read = file.Read(buffer[..(int)Math.Min(buffer.Length, length - _done)], offset + _done);
            _done += read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long to, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int start, int count) => throw new NotSupportedException();
    }
}
