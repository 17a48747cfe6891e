using System.Buffers.Binary;
using System.IO.Compression;
using CsCheck;
using Heirloom.Data.Formats;

namespace Heirloom.Tests.Data.Formats;

public sealed class RFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("heirloom-r-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_data_frame_is_read_by_column()
    {
        var bytes = new RBytesWriter().Frame(
            ("text", w => w.Strings("a", null, "é")),
            ("kind", w => w.Factor(["great", "other"], 2, 1, int.MinValue)),
            ("size", w => w.Numbers(1.5, double.NaN, -3)),
            ("year", w => w.Integers(1, int.MinValue, 3))).ToArray();
        var frame = new RFrame(Read(bytes), "x");
        Assert.Equal(["text", "kind", "size", "year"], frame.Names);
        Assert.Equal(3, frame.Rows);
        Assert.Equal(["a", null, "é"], frame.Text("text"));
        Assert.Equal(["other", "great", null], frame.Text("kind"));
        Assert.Equal([2, 1, double.NaN], frame.Numbers("kind"));
        Assert.Equal([1.5, double.NaN, -3], frame.Numbers("size"));
        Assert.Equal(["1", null, "3"], frame.Text("year"));
        Assert.Contains("did you mean 'text'", Assert.Throws<UserError>(() => frame.Text("texts")).Message);
        Assert.Contains("does not hold numbers", Assert.Throws<UserError>(() => frame.Numbers("text")).Message);
    }

    [Fact]
    public void A_saved_file_is_a_list_by_name()
    {
        var bytes = new RBytesWriter().Pairs(("one", w => w.Numbers(1)), ("two", w => w.Strings("b"))).ToArray();
        var path = Write("saved.rda", Gzip([.. "RDX2\n"u8, .. bytes]));
        var saved = Assert.IsType<RList>(RFile.Read(path));
        Assert.Equal("b", Assert.IsType<RStrings>(saved["two"]).Values[0]);
        Assert.Null(saved["three"]);
    }

    [Fact]
    public void Short_forms_of_vectors_are_expanded()
    {
        Assert.Equal([5, 6, 7], Assert.IsType<RIntegers>(Read(new RBytesWriter().Sequence("compact_intseq", 3, 5, 1).ToArray())).Values);
        Assert.Throws<UserError>(() => Read(new RBytesWriter().Sequence("compact_intseq", 1e12, 5, 1).ToArray()));
        Assert.Throws<UserError>(() => Read(new RBytesWriter().Sequence("compact_intseq", double.NaN, 5, 1).ToArray()));
        Assert.Throws<UserError>(() => Read(new RBytesWriter().Sequence("unheard_of", 3, 5, 1).ToArray()));
    }

    [Fact]
    public void A_lazy_pair_is_read_by_name()
    {
        var one = Chunk(new RBytesWriter().Numbers(1, 2).ToArray());
        var two = Chunk(new RBytesWriter().Strings("b").ToArray());
        Write("Rdata.rdb", [.. one, .. two]);
        var index = Write("Rdata.rdx", Gzip(new RBytesWriter().List(("variables", w => w.List(
            ("one", v => v.Integers(0, one.Length)), ("two", v => v.Integers(one.Length, two.Length)), ("lost", v => v.Integers(5, 1 << 20))))).ToArray()));
        Assert.Equal([1, 2], Assert.IsType<RNumbers>(RFile.ReadLazy(index, "one")).Values);
        Assert.Equal("b", Assert.IsType<RStrings>(RFile.ReadLazy(index, "two")).Values[0]);
        Assert.Contains("outside", Assert.Throws<UserError>(() => RFile.ReadLazy(index, "lost")).Message);
        Assert.Contains("did you mean 'two'", Assert.Throws<UserError>(() => RFile.ReadLazy(index, "tow")).Message);
    }

    [Theory]
    [InlineData('Z', "4AAWAAtdADQZSe6N6VYKteAAAA==")] // "hello hello hello hello", packed by LZMA2 without a header
    [InlineData('0', "aGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8=")]
    public void A_chunk_is_unpacked_by_its_method(char method, string data) =>
        Assert.Equal("hello hello hello hello"u8.ToArray(), RFile.Unpack([0, 0, 0, 23, (byte)method, .. Convert.FromBase64String(data)]));

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        var writer = new RBytesWriter();
        for (var i = 0; i < 100_000; i++)
        {
            writer.Raw(19, 1); // a list of one, which is a list of one, …
        }

        Assert.Contains("nested", Assert.Throws<UserError>(() => Read(writer.ToArray())).Message);
    }

    [Fact]
    public void A_length_that_the_file_cannot_hold_is_refused_before_memory_is_taken() =>
        Assert.Contains("are left", Assert.Throws<UserError>(() => Read(new RBytesWriter().Raw(14, int.MaxValue).ToArray())).Message);

    [Fact]
    public void A_cut_file_is_refused_wherever_it_is_cut()
    {
        var bytes = new RBytesWriter().Frame(("a", w => w.Strings("x", "y")), ("b", w => w.Factor(["k"], 1, 1))).ToArray();
        Assert.All(Enumerable.Range(0, bytes.Length), length => Assert.Throws<UserError>(() => Read(bytes[..length])));
    }

    [Fact]
    public void Any_change_of_a_byte_is_read_or_refused()
    {
        var bytes = new RBytesWriter().Frame(("a", w => w.Strings("x", "y")), ("b", w => w.Factor(["k"], 1, 1)), ("c", w => w.Sequence("compact_intseq", 2, 1, 1))).ToArray();
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, bytes.Length - 1], Gen.Byte).Sample((at, value, at2, value2) =>
        {
            var changed = (byte[])bytes.Clone();
            changed[at] = value;
            changed[at2] = value2;
            try
            {
                var frame = new RFrame(Read(changed), "x");
                foreach (var name in frame.Names)
                {
                    _ = frame.Text(name);
                }
            }
            catch (UserError)
            {
            }
        }, iter: 2000);
    }

    private static byte[] Chunk(byte[] bytes)
    {
        using var packed = new MemoryStream();
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        packed.Write(length);
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal))
        {
            zlib.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static RValue Read(byte[] bytes) => Compressed.Guard("bytes", () => RReader.Read(bytes));
}
