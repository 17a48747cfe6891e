using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>
/// The head of a safetensors file: eight bytes of length, then JSON. Everything that a hostile or damaged file can get wrong is refused here, before a
/// single value is read, so that reading a tensor afterwards can neither leave its own bytes nor ask for memory that the file does not hold.
/// </summary>
internal static class SafetensorsHeader
{
    public const int LengthBytes = 8;
    private const string MetadataKey = "__metadata__";
    private const int MaxBytes = 100_000_000, MaxRank = 64;

    // names are data for other programs, not for a web page: keep them readable
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Length of the JSON that follows the first eight bytes.</summary>
    /// <exception cref="UserError">The file is shorter than it says, or the header is too long to be one.</exception>
    public static int Length(ReadOnlySpan<byte> first, long fileLength, string path)
    {
        if (first.Length < LengthBytes)
        {
            throw Damaged(path, $"{fileLength} bytes are too few for a safetensors file");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(first);
        if (length > MaxBytes)
        {
            throw Damaged(path, $"its header would be {length} bytes, more than the {MaxBytes} that safetensors allows");
        }

        if ((long)length > fileLength - LengthBytes)
        {
            throw Damaged(path, $"its header would be {length} bytes, but only {fileLength - LengthBytes} follow");
        }

        return (int)length;
    }

    /// <summary>Reads and checks the JSON.</summary>
    /// <param name="json">The header without its length.</param>
    /// <param name="dataLength">Bytes that follow it in the file.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="UserError">Names the file, the tensor and what is wrong.</exception>
    public static (Dictionary<string, TensorEntry> Entries, Dictionary<string, string> Metadata) Parse(ReadOnlyMemory<byte> json, long dataLength, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new() { MaxDepth = 8 });
            return Read(document.RootElement, dataLength, LengthBytes + json.Length, path);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // JsonDocument says InvalidOperation for text that is not valid Unicode and Argument for a first byte that starts nothing
            throw Damaged(path, "its header is not valid JSON", e);
        }
    }

    /// <summary>Writes the header of tensors that lie in this order without gaps; padded with spaces so that the data start on eight bytes.</summary>
    public static byte[] Write(IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Compact))
        {
            writer.WriteStartObject();
            if (metadata.Count > 0)
            {
                writer.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    writer.WriteString(key, value);
                }

                writer.WriteEndObject();
            }

            var offset = 0L;
            foreach (var tensor in tensors)
            {
                var end = offset + tensor.Bytes;
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", TensorTypes.Name(tensor.Type));
                WriteNumbers(writer, "shape", tensor.Shape);
                WriteNumbers(writer, "data_offsets", [offset, end]);
                writer.WriteEndObject();
                offset = end;
            }

            writer.WriteEndObject();
        }

        var padding = (LengthBytes - (buffer.WrittenCount % LengthBytes)) % LengthBytes;
        var length = buffer.WrittenCount + padding;
        if (length > MaxBytes)
        {
            throw new UserError($"the names of {tensors.Count} tensors make a header of {length} bytes, more than the {MaxBytes} that safetensors allows");
        }

        var bytes = new byte[LengthBytes + length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)length);
        buffer.WrittenSpan.CopyTo(bytes.AsSpan(LengthBytes));
        bytes.AsSpan(LengthBytes + buffer.WrittenCount).Fill((byte)' ');
        return bytes;
    }

    /// <summary>Refuses names that a reader could not tell apart from something else.</summary>
    public static void CheckNames(IEnumerable<TensorSource> tensors)
    {
        var seen = new HashSet<string>();
        foreach (var (name, _, _, _) in tensors)
        {
            if (name == MetadataKey || !seen.Add(name))
            {
                throw new ArgumentException($"two tensors are called '{name}', or it is a reserved name", nameof(tensors));
            }
        }
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, ImmutableArray<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }

    private static (Dictionary<string, TensorEntry> Entries, Dictionary<string, string> Metadata) Read(
        JsonElement root, long dataLength, long dataStart, string path)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Damaged(path, "its header is not a JSON object");
        }

        var entries = new Dictionary<string, TensorEntry>();
        Dictionary<string, string>? metadata = null;
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == MetadataKey && metadata is null)
            {
                metadata = ReadMetadata(property.Value, path);
            }
            else if (property.Name == MetadataKey || !entries.TryAdd(property.Name, ReadEntry(property, dataLength, dataStart, path)))
            {
                throw Damaged(Tensor(path, property.Name), "the header names it twice");
            }
        }

        CheckLayout(entries.Values, dataLength, dataStart, path);
        return (entries, metadata ?? []);
    }

    private static Dictionary<string, string> ReadMetadata(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object || element.EnumerateObject().Any(p => p.Value.ValueKind != JsonValueKind.String))
        {
            throw Damaged(path, $"{MetadataKey} is not an object of strings");
        }

        var metadata = new Dictionary<string, string>();
        foreach (var property in element.EnumerateObject())
        {
            if (!metadata.TryAdd(property.Name, property.Value.GetString()!))
            {
                throw Damaged(path, $"{MetadataKey} names '{property.Name}' twice");
            }
        }

        return metadata;
    }

    private static TensorEntry ReadEntry(JsonProperty property, long dataLength, long dataStart, string path)
    {
        var where = Tensor(path, property.Name);
        if (property.Value.ValueKind != JsonValueKind.Object
            || !property.Value.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !property.Value.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || !property.Value.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array)
        {
            throw Damaged(where, "the header gives no dtype, shape and data_offsets");
        }

        var name = type.GetString()!;
        var known = TensorTypes.Find(name) ?? throw new UserError(
            $"elements of type '{name}' cannot be read", where, $"readable: {string.Join(", ", TensorTypes.Names)}");
        var sizes = Numbers(shape) ?? throw Damaged(where, "a size in its shape is not a whole number of at least 0");
        var bounds = Numbers(offsets);
        if (bounds is not [var begin, var end] || begin > end || end > dataLength)
        {
            throw Damaged(where, $"its data_offsets {offsets.GetRawText()} do not lie within the {dataLength} bytes of data");
        }

        if (sizes.Length > MaxRank || Bytes(sizes, known) is not { } bytes)
        {
            throw Damaged(where, $"a tensor of shape {TensorTypes.Text(sizes)} is larger than can be addressed");
        }

        return bytes == end - begin
            ? new(property.Name, known, sizes, dataStart + begin, bytes)
            : throw Damaged(where, $"{name} {TensorTypes.Text(sizes)} takes {bytes} bytes, but its data_offsets hold {end - begin}");
    }

    private static ImmutableArray<long>? Numbers(JsonElement array)
    {
        var numbers = ImmutableArray.CreateBuilder<long>(array.GetArrayLength());
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out var number) || number < 0)
            {
                return null;
            }

            numbers.Add(number);
        }

        return numbers.ToImmutable();
    }

    /// <summary>Null on overflow. Sizes of 0 count as 1 for the check: libtorch multiplies the others too, for the strides.</summary>
    private static long? Bytes(ImmutableArray<long> shape, ScalarType type)
    {
        Int128 bound = TensorTypes.Size(type);
        foreach (var size in shape)
        {
            bound *= Math.Max(size, 1);
            if (bound > long.MaxValue)
            {
                return null;
            }
        }

        return shape.Contains(0) ? 0 : (long)bound;
    }

    /// <summary>The tensors fill the data from the first byte to the last, each byte once.</summary>
    private static void CheckLayout(IEnumerable<TensorEntry> entries, long dataLength, long dataStart, string path)
    {
        var expected = dataStart;
        foreach (var entry in entries.OrderBy(e => e.Offset).ThenBy(e => e.Bytes))
        {
            if (entry.Offset != expected)
            {
                throw Damaged(Tensor(path, entry.Name), entry.Offset < expected
                    ? "its bytes overlap those of another tensor"
                    : $"{entry.Offset - expected} bytes before it belong to no tensor");
            }

            expected = entry.Offset + entry.Bytes;
        }

        if (expected != dataStart + dataLength)
        {
            throw Damaged(path, $"{dataStart + dataLength - expected} bytes at its end belong to no tensor");
        }
    }

    internal static string Tensor(string path, string name) => $"{path}: {OneLine(name)}";

    internal static UserError Damaged(string where, string what, Exception? inner = null) =>
        new(what, where, "the file is damaged or was cut off: fetch or save it again", inner);

    /// <summary>A name from a hostile file must not break the one line of the message.</summary>
    private static string OneLine(string name)
    {
        var line = string.Concat(name.Select(c => char.IsControl(c) ? '\u00b7' : c));
        return line.Length <= 200 ? line : line[..200] + "\u2026";
    }
}
