using System.Buffers.Binary;
using CsCheck;
using Heirloom.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private static readonly ScalarType[] Types =
    [
        ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64,
        ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    private readonly Scratch _scratch = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Round_trip_keeps_names_types_shapes_and_bytes() => Gen.Select(
            Gen.Select(Gen.String[1, 12], Gen.Int[0, Types.Length - 1].Select(i => Types[i]), Gen.Long[0, 5].Array[0, 4]).Array[0, 6], Gen.ULong)
        .Sample((specs, seed) =>
        {
            using var scope = NewDisposeScope();
            // text that is not valid Unicode cannot be a JSON name
            var wanted = specs.Where(s => s.Item1 != "__metadata__" && !s.Item1.Any(char.IsSurrogate)).DistinctBy(s => s.Item1)
                .ToDictionary(s => s.Item1, s => Random(s.Item2, s.Item3, new Seed(seed).For(s.Item1)));
            var path = _scratch.File($"round-trip-{Environment.CurrentManagedThreadId}.safetensors");
            var hash = Safetensors.Write(path, wanted);
            using var file = Safetensors.Open(path);
            return hash == WeightsHash.Of(file)
                && file.Entries.Keys.ToHashSet().SetEquals(wanted.Keys)
                && wanted.All(pair => Same(pair.Value, file.Read(pair.Key)) && file.Entries[pair.Key].Offset % pair.Value.ElementSize == 0);
        }, iter: 200);

    [Fact]
    public void Views_and_parameters_are_written_by_value()
    {
        var path = _scratch.File("views.safetensors");
        var square = arange(12, dtype: float32).view(3, 4);
        Safetensors.Write(path, new Dictionary<string, Tensor>
        {
            ["transposed"] = square.t(),
            ["parameter"] = nn.Parameter(square.slice(1, 0, 4, 2)),
        });
        using var file = Safetensors.Open(path);
        Assert.True(Same(square.t().contiguous(), file.Read("transposed")));
        Assert.True(Same(square.slice(1, 0, 4, 2).contiguous(), file.Read("parameter")));
    }

    [Fact]
    public void Metadata_is_kept()
    {
        var path = _scratch.File("metadata.safetensors");
        Safetensors.Write(path, [], new Dictionary<string, string> { ["a"] = "\"quoted\"", ["ü"] = "line\nbreak" });
        using var file = Safetensors.Open(path);
        Assert.Equal(new Dictionary<string, string> { ["a"] = "\"quoted\"", ["ü"] = "line\nbreak" }, file.Metadata);
        Assert.Empty(file.Entries);
    }

    [Fact]
    public void Two_tensors_of_one_name_are_refused() => Assert.Throws<ArgumentException>(() =>
        Safetensors.Write(_scratch.File("twice.safetensors"), [new("a", zeros(1)), new("a", ones(1))]));

    [Fact]
    public void Types_that_the_format_lacks_are_refused() => Assert.Contains("ComplexFloat64", Assert.Throws<UserError>(() =>
        Safetensors.Write(_scratch.File("complex.safetensors"), [new("a", zeros(1, dtype: complex128))])).Message);

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("nowhere.safetensors: no such file", Assert.Throws<UserError>(() => Safetensors.Open(_scratch.File("nowhere.safetensors"))).Message);

    [Fact]
    public void A_file_of_ten_gigabytes_opens_without_reading_it()
    {
        const long count = 5_000_000_000;
        var path = _scratch.File("large.safetensors");
        var header = Header($$$"""{"big":{"dtype":"BF16","shape":[{{{count}}}],"data_offsets":[0,{{{2 * count}}}]},"small":{"dtype":"U8","shape":[2],"data_offsets":[{{{2 * count}}},{{{(2 * count) + 2}}}]}}""");
        using (var stream = File.Create(path))
        {
            stream.Write(header);
            stream.SetLength(header.Length + (2 * count) + 2);
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        using var file = Safetensors.Open(path);
        Assert.Equal([0, 0], file.Read("small").data<byte>().ToArray());
        Assert.Equal(count, file.Entries["big"].Count);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 10_000_000);
    }

    [Theory]
    [InlineData("{", "JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("", "JSON")]
    [InlineData("""{"a":3}""", "no dtype, shape and data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "a: the header names it twice")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}""", "a: elements of type 'F8_E4M3' cannot be read")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "a: F32 [2] takes 8 bytes, but its data_offsets hold 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "a: a size in its shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "a: a size in its shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}}""", "a: a tensor of shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,0,4611686018427387904],"data_offsets":[0,0]}}""", "a: a tensor of shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "a: its data_offsets [0,8] do not lie within the 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[4,0]}}""", "a: its data_offsets [4,0] do not lie")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", "2 bytes at its end belong to no tensor")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "a: 2 bytes before it belong to no tensor")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "b: its bytes overlap")]
    [InlineData("""{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "not an object of strings")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "JSON")]
    public void A_damaged_header_is_one_line_that_names_file_and_tensor(string json, string expected)
    {
        var path = _scratch.File("damaged.safetensors");
        File.WriteAllBytes(path, [.. Header(json), 0, 0, 0, 0]);
        var message = Assert.Throws<UserError>(() => Safetensors.Open(path)).Message;
        Assert.StartsWith(path, message);
        Assert.Contains(expected, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_header_that_is_not_unicode_is_refused()
    {
        var bytes = Header("""{"aXb":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""");
        bytes[Array.IndexOf(bytes, (byte)'X')] = 0xff;
        File.WriteAllBytes(_scratch.File("bytes.safetensors"), [.. bytes, 0, 0, 0, 0]);
        Assert.Throws<UserError>(() => Safetensors.Open(_scratch.File("bytes.safetensors")));
    }

    [Theory]
    [InlineData(1000, "but only 4 follow")]
    [InlineData(100_000_001, "more than the 100000000")]
    [InlineData(long.MaxValue, "more than the 100000000")]
    [InlineData(-1, "more than the 100000000")]
    public void A_header_longer_than_its_file_is_refused(long length, string expected)
    {
        var bytes = new byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        File.WriteAllBytes(_scratch.File("long.safetensors"), bytes);
        Assert.Contains(expected, Assert.Throws<UserError>(() => Safetensors.Open(_scratch.File("long.safetensors"))).Message);
    }

    [Fact]
    public void A_file_cut_off_while_open_is_an_error_and_not_a_crash()
    {
        var path = _scratch.File("cut.safetensors");
        Safetensors.Write(path, [new("a", ones(1000))]);
        using var file = Safetensors.Open(path);
        using (var stream = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(500);
        }

        Assert.Contains("cut off", Assert.Throws<UserError>(() => file.Read("a")).Message);
    }

    [Fact]
    public void A_boolean_that_is_neither_is_refused()
    {
        var path = _scratch.File("bool.safetensors");
        File.WriteAllBytes(path, [.. Header("""{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}"""), 1, 2]);
        using var file = Safetensors.Open(path);
        Assert.Contains("a: a BOOL is neither", Assert.Throws<UserError>(() => file.Read("a")).Message);
    }

    /// <summary>Whatever is done to a valid file, a reader that gets an answer gets the values, and one that does not gets a <see cref="UserError"/>.</summary>
    [Fact]
    public void Mutated_files_only_ever_give_user_errors()
    {
        var path = _scratch.File("valid.safetensors");
        Safetensors.Write(path, [new("layers.0.weight", ones(3, 2)), new("é", zeros(2, dtype: bfloat16)), new("flag", zeros(3, dtype: @bool))]);
        var valid = File.ReadAllBytes(path);
        var mutation = Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte, Gen.Int[0, 3]);
        Gen.Select(mutation.Array[1, 6], Gen.Int[0, valid.Length]).Sample((mutations, keep) =>
        {
            var bytes = valid.ToList();
            foreach (var (at, value, how) in mutations)
            {
                switch (how)
                {
                    case 0: bytes[at % bytes.Count] = value; break;
                    case 1: bytes.Insert(at % bytes.Count, value); break;
                    case 2: bytes.RemoveAt(at % bytes.Count); break;
                    default: bytes[at % bytes.Count] = (byte)"0123456789[]{},\":"[value % 17]; break;
                }
            }

            if (keep % 3 == 0)
            {
                bytes = bytes[..Math.Min(keep, bytes.Count)];
            }

            var mutated = _scratch.File($"mutated-{Environment.CurrentManagedThreadId}.safetensors");
            File.WriteAllBytes(mutated, [.. bytes]);
            try
            {
                using var scope = NewDisposeScope();
                using var file = Safetensors.Open(mutated);
                foreach (var name in file.Entries.Keys)
                {
                    file.Read(name);
                }
            }
            catch (UserError)
            {
                // the one thing that may come out
            }
        }, iter: 2000);
    }

    private static byte[] Header(string json)
    {
        var text = TextEncoding.UTF8.GetBytes(json);
        var bytes = new byte[8 + text.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, text.Length);
        text.CopyTo(bytes, 8);
        return bytes;
    }

    private static Tensor Random(ScalarType type, long[] shape, Seed seed)
    {
        using var generator = seed.Generator();
        return randint(0, 2, shape, dtype: float32, generator: generator).add(type == ScalarType.Bool ? 0 : 1).to(type);
    }

    private static bool Same(Tensor a, Tensor b) =>
        a.dtype == b.dtype && a.shape.SequenceEqual(b.shape) && a.bytes.SequenceEqual(b.bytes);
}
