using System.IO.Compression;
using System.Text.Json;
using CsCheck;
using Heirloom.Checkpoints;
using Heirloom.Checkpoints.Pickles;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints;

public sealed class PickleTests : IDisposable
{
    private const string Operations = "(.0Q]})tRbsuaeqhjJKX\u0080\u008a\u0085\u0086\u0087N";

    private readonly Scratch _scratch = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Formats => ["archive.pt", "stream.pt", "protocol4.pt"];

    public void Dispose()
    {
        _scope.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_tensor_that_PyTorch_saved_has_its_name_type_shape_and_bytes(string format)
    {
        using var file = WeightsFile.Open(Reference(format));
        using var values = JsonDocument.Parse(File.ReadAllText(Reference("values.json")));
        var wanted = values.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        Assert.Equal(wanted.Keys.Order(), file.Entries.Keys.Order());
        Assert.All(wanted, pair =>
        {
            var bytes = Convert.FromHexString(pair.Value.GetProperty("bytes").GetString()!);
            var read = file.Read(pair.Key);
            Assert.Equal(bytes, read.bytes.ToArray());
            Assert.Equal(pair.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64()), read.shape);
            var visited = new List<byte>();
            file.Visit(pair.Key, part => visited.AddRange(part));
            Assert.Equal(bytes, visited);
            Assert.Equal(bytes.Length, file.Entries[pair.Key].Bytes);
        });
        Assert.Equal(new Dictionary<string, string> { ["epoch"] = "3", ["loss"] = "0.25", ["name"] = "größer" }, file.Metadata);
    }

    [Fact]
    public void Compressed_storages_are_read_too()
    {
        var path = _scratch.File("deflated.pt");
        using (var from = ZipFile.OpenRead(Reference("archive.pt")))
        using (var to = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            foreach (var entry in from.Entries)
            {
                using var source = entry.Open();
                using var target = to.CreateEntry(entry.FullName, entry.FullName.Contains("/data/") ? CompressionLevel.Optimal : CompressionLevel.NoCompression).Open();
                source.CopyTo(target);
            }
        }

        using var plain = WeightsFile.Open(Reference("archive.pt"));
        using var deflated = WeightsFile.Open(path);
        Assert.All(plain.Entries.Keys, name => Assert.Equal(plain.Read(name).bytes.ToArray(), deflated.Read(name).bytes.ToArray()));
    }

    [Theory]
    [InlineData("cos\nsystem\nX\u0002\0\0\0ls\u0085R.", "asks for 'os.system', which is refused")]
    [InlineData("cbuiltins\neval\nX\u0001\0\0\01\u0085R.", "asks for 'builtins.eval', which is refused")]
    [InlineData("ctorch.storage\n_load_from_bytes\n(tR.", "asks for 'torch.storage._load_from_bytes', which is refused")]
    [InlineData("cnumpy.core.multiarray\n_reconstruct\n.", "asks for 'numpy.core.multiarray._reconstruct', which is refused")]
    [InlineData("\u008c\u0002os\u008c\u0006system\u0093.", "asks for 'os.system', which is refused")]
    [InlineData("c__main__\nNet\n)\u0081}b.", "asks for '__main__.Net', which is refused")]
    [InlineData("ccollections\nOrderedDict\n)\u0081.", "uses the operation 0x81, which is refused")]
    [InlineData("(icollections\nOrderedDict\n.", "uses the operation 'i', which is refused")]
    [InlineData("ctorch\nFloatStorage\n)R.", "calls 'torch.FloatStorage', which is refused")]
    [InlineData("Pabc\n.", "uses the operation 'P', which is refused")]
    [InlineData("K\u0001Q.", "refers to something outside it that is no storage")]
    [InlineData("]}b.", "sets the state of an object, which is refused")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u007f.", "a number in it has 2147483647 bytes")]
    [InlineData("X\u00ff\u00ff\u00ff\u007f.", "a text of 2147483647 bytes does not fit it")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff.", "a text of 18446744073709551615 bytes does not fit it")]
    [InlineData("h\u0007.", "it refers to a value that it has not made")]
    [InlineData("t.", "it takes values that are not there")]
    [InlineData("(R.", "it takes a value that is not there")]
    [InlineData(".", "it takes a value that is not there")]
    [InlineData("}K\u0001a.", "adds to something that is no list, which is refused")]
    [InlineData("(K\u0001d.", "a key in it has no value")]
    [InlineData("N", "it ends within a pickle")]
    [InlineData("]q\0h\0a.", "values lie in each other without an end")]
    [InlineData("\u0080\u0009N.", "is a pickle of version 9")]
    public void Whatever_is_no_tensor_is_refused_by_name(string program, string expected)
    {
        var message = Assert.Throws<UserError>(() => WeightsFile.Open(Archive(program))).Message;
        Assert.Contains(expected, message);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("K\u0002\u0085", "K\u0001\u0085", 0, null)]
    [InlineData("K\u0002K\u0002\u0086", "K\u0000K\u0001\u0086", 0, null)]
    [InlineData("K\u0003\u0085", "K\u0001\u0085", 0, "a tensor of shape [3] reaches beyond the 8 bytes of its storage")]
    [InlineData("K\u0002\u0085", "K\u0001\u0085", 1, "a tensor of shape [2] reaches beyond")]
    [InlineData("K\u0002\u0085", "K\u0002\u0085", 0, "a tensor of shape [2] reaches beyond")]
    [InlineData("K\u0002\u0085", "J\u00ff\u00ff\u00ff\u00ff\u0085", 0, "a size or stride is not a whole number of at least 0")]
    [InlineData("\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f\u0086", "K\u0000K\u0000\u0086", 0, "is larger than can be addressed")]
    [InlineData("\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007fK\u0000\u0086", "K\u0000K\u0000\u0086", 0, "is larger than can be addressed")]
    [InlineData("\u008a\u0004\u00ff\u00ff\u00ff\u007f\u0085", "K\u0000\u0085", 0, "repeats the 8 bytes of its storage")]
    [InlineData("K\u0002\u0085", "K\u0001K\u0001\u0086", 0, "sizes and strides differ in number")]
    public void A_view_stays_within_its_storage(string sizes, string strides, int first, string? expected)
    {
        var program = $"}}X\u0001\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0002tQK{(char)first}{sizes}{strides}\u0089}}tRs.";
        var path = Archive(program, ("0", [0, 0, 128, 63, 0, 0, 0, 64]));
        if (expected is null)
        {
            using var file = WeightsFile.Open(path);
            Assert.Equal([1f, 2f], file.Read("a").data<float>().ToArray()[..2]);
        }
        else
        {
            Assert.Contains(expected, Assert.Throws<UserError>(() => WeightsFile.Open(path)).Message);
        }
    }

    [Fact]
    public void A_storage_that_is_missing_or_short_is_named()
    {
        const string Program = "}X\u0001\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\0k7X\u0003\0\0\0cpuK\u0002tQK\0K\u0002\u0085K\u0001\u0085\u0089}tRs.";
        var program = Program.Replace("\u0001\0\0\0k7", "\u0002\0\0\0k7");
        Assert.Contains("a: its storage 'k7' is missing", Assert.Throws<UserError>(() => WeightsFile.Open(Archive(program))).Message);
        Assert.Contains("a: its storage 'k7' holds 4 bytes instead of 8", Assert.Throws<UserError>(() => WeightsFile.Open(Archive(program, ("k7", [0, 0, 0, 0])))).Message);
    }

    /// <summary>Thirty lists, each holding the one before it twice: a file of a hundred bytes with a billion values.</summary>
    [Fact]
    public void Values_that_double_are_refused_before_they_fill_memory()
    {
        var program = "]" + string.Concat(Enumerable.Range(0, 30).Select(i => $"q{(char)i}0]h{(char)i}ah{(char)i}a")) + ".";
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.Contains("without an end", Assert.Throws<UserError>(() => WeightsFile.Open(Archive(program))).Message);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 600_000_000);
    }

    /// <summary>One list of a hundred thousand, named thirty thousand times in the arguments of a call: more values than an integer counts.</summary>
    [Fact]
    public void A_call_that_is_given_one_long_list_again_and_again_is_refused()
    {
        var program = "](" + new string('N', 100_000) + "eq\0ccollections\nOrderedDict\n(" + string.Concat(Enumerable.Repeat("h\0", 30_000)) + "tR.";
        Assert.Contains("more operations than the weights of any model", Assert.Throws<UserError>(() => WeightsFile.Open(Archive(program))).Message);
    }

    [Fact]
    public void Nesting_without_an_end_is_refused_and_not_recursed_into() =>
        Assert.Contains("without an end", Assert.Throws<UserError>(() => WeightsFile.Open(Archive(new string(']', 200_000) + new string('a', 199_999) + "."))).Message);

    [Theory]
    [InlineData("constants.pkl", "is a TorchScript program, and no program is run")]
    [InlineData("byteorder", "was saved on a machine that writes the high byte first")]
    public void What_is_no_state_dictionary_is_told_apart(string extra, string expected)
    {
        var path = Archive("}.");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Update))
        using (var writer = new StreamWriter(zip.CreateEntry($"archive/{extra}", CompressionLevel.NoCompression).Open()))
        {
            writer.Write("big");
        }

        Assert.Contains(expected, Assert.Throws<UserError>(() => WeightsFile.Open(path)).Message);
    }

    [Theory]
    [InlineData("hello, this is no model", "is neither an archive nor a stream that PyTorch saved")]
    [InlineData("\u0080\u0002K\u0001.", "is a pickle that PyTorch did not save")]
    public void Other_files_are_refused(string content, string expected)
    {
        File.WriteAllBytes(_scratch.File("other.bin"), TextEncoding.Latin1.GetBytes(content.PadRight(16)));
        Assert.Contains(expected, Assert.Throws<UserError>(() => WeightsFile.Open(_scratch.File("other.bin"))).Message);
    }

    /// <summary>Opening costs what the pickle costs, not what the values would; the file takes no room on the disk.</summary>
    [Fact]
    public void A_stream_of_ten_gigabytes_opens_without_reading_it()
    {
        var path = _scratch.File("large.pt");
        const long Count = 2_500_000_000;
        var head = TextEncoding.Latin1.GetBytes("\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.\u0080\u0002M\u00e9\u0003.\u0080\u0002}.\u0080\u0002}X\u0001\0\0\0actorch._utils\n_rebuild_tensor_v2\n"
            + "((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpu\u008a\u0005\0\u00f9\u0002\u0095\0NtQK\0\u008a\u0005\0\u00f9\u0002\u0095\0\u0085K\u0001\u0085\u0089}tRs.\u0080\u0002]X\u0001\0\0\00a.");
        using (var stream = File.Create(path))
        {
            stream.Write(head);
            stream.Write(BitConverter.GetBytes(Count));
            stream.SetLength(head.Length + 8 + (4 * Count));
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        using var file = WeightsFile.Open(path);
        Assert.Equal(Count, file.Entries["a"].Count);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 10_000_000);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Mutated_files_only_ever_give_user_errors(string format) => Fuzz(format, iterations: 1500);

    /// <summary>The same for as long as one likes: <c>Heirloom.Tests -explicit only -method '*Mutated_for_minutes*'</c>, with <c>CsCheck_Time</c> in seconds for longer.</summary>
    [Theory(Explicit = true)]
    [MemberData(nameof(Formats))]
    public void Mutated_for_minutes(string format) => Fuzz(format, seconds: 240);

    private void Fuzz(string format, int iterations = -1, int seconds = -1)
    {
        var valid = File.ReadAllBytes(Reference(format));
        // most changes strike the pickle, where the structure is
        var at = Gen.OneOf(Gen.Int[0, valid.Length - 1], Gen.Int[0, Math.Min(2500, valid.Length - 1)]);
        var mutation = Gen.Select(at, Gen.Byte, Gen.Int[0, 4], at);
        Gen.Select(mutation.Array[1, 5], Gen.Int[0, 4 * valid.Length]).Sample((mutations, keep) =>
        {
            var bytes = valid.ToList();
            foreach (var (where, value, how, from) in mutations)
            {
                var i = where % bytes.Count;
                switch (how)
                {
                    case 0: bytes[i] = value; break;
                    case 1: bytes.Insert(i, value); break;
                    case 2: bytes.RemoveAt(i); break;
                    case 3: bytes.InsertRange(i, bytes.GetRange(from % bytes.Count, Math.Min(value % 40, bytes.Count - (from % bytes.Count)))); break;
                    default: bytes[i] = (byte)Operations[value % Operations.Length]; break;
                }
            }

            var mutated = _scratch.File($"mutated-{Environment.CurrentManagedThreadId}.pt");
            File.WriteAllBytes(mutated, [.. keep < bytes.Count ? bytes[..keep] : bytes]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var scope = NewDisposeScope();
                using var file = new PickleFile(mutated);
                foreach (var name in file.Entries.Keys)
                {
                    file.Read(name);
                }
            }
            catch (UserError e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000_000);
        }, iter: iterations, time: seconds);
    }

    private static string Reference(string name) => Path.Combine(Checkout.Root, "tests", "Heirloom.Tests", "References", "pickles", name);

    private string Archive(string program, params (string Key, byte[] Bytes)[] storages)
    {
        var path = _scratch.File($"{Guid.NewGuid()}.pt");
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        Add("data.pkl", TextEncoding.Latin1.GetBytes(program));
        foreach (var (key, bytes) in storages)
        {
            Add($"data/{key}", bytes);
        }

        return path;

        void Add(string name, byte[] bytes)
        {
            using var stream = zip.CreateEntry($"archive/{name}", CompressionLevel.NoCompression).Open();
            stream.Write(bytes);
        }
    }
}
