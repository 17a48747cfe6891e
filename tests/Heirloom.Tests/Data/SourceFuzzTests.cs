using CsCheck;
using Heirloom.Data.Sources;

namespace Heirloom.Tests.Data;

/// <summary>Whatever lies in a file, reading it gives documents or a <see cref="UserError"/> of one line, and nothing else.</summary>
public sealed class SourceFuzzTests : IDisposable
{
    private static readonly string[] s_pieces = ["\"", ",", "\n", "\r", "{", "}", "text", ":", "\\", "\\ud800", "a", "é", "\0", "[", "1e999", "null", " "];

    private static readonly Gen<byte[]> s_bytes = Gen.OneOf(
        Gen.Byte.Array[0, 200],
        Gen.Int[0, s_pieces.Length - 1].Select(i => s_pieces[i]).Array[0, 60].Select(parts => TextEncoding.UTF8.GetBytes(string.Concat(parts))),
        Gen.Select(Gen.Byte, Gen.Int[0, 39], (value, at) =>
        {
            var bytes = TextEncoding.UTF8.GetBytes("text,label\n\"a \"\"b\"\"\",1\nplain,2\n,3\n\"x\ny\",4");
            bytes[at] = value;
            return bytes;
        }),
        Gen.Select(Gen.Byte, Gen.Int[0, 39], (value, at) =>
        {
            var bytes = TextEncoding.UTF8.GetBytes("{\"text\":\"a\\u0041\",\"k\":[1,2]}\n{\"text\":\"b\"}\n");
            bytes[at] = value;
            return bytes;
        }));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Jsonl() => s_bytes.Sample(bytes => OnlyUserErrors(bytes, "f.jsonl", path => new JsonlSourceConfig { Path = path }), iter: 300, threads: 1);

    [Fact]
    public void ZippedJsonl() => s_bytes.Sample(bytes => OnlyUserErrors([0x1F, 0x8B, 8, 0, .. bytes], "f.jsonl.gz", path => new JsonlSourceConfig { Path = path }), iter: 300, threads: 1);

    [Fact]
    public void Text() => s_bytes.Sample(bytes => OnlyUserErrors(bytes, "f.txt", path => new TextSourceConfig { Path = path, Split = TextSplit.BlankLines }), iter: 300, threads: 1);

    [Fact]
    public void Csv() => s_bytes.Sample(bytes => OnlyUserErrors(bytes, "f.csv", path => new CsvSourceConfig { Path = path }), iter: 25, threads: 1);

    private void OnlyUserErrors(byte[] bytes, string name, Func<string, Heirloom.Data.SourceConfig> config)
    {
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, bytes);
        try
        {
            foreach (var document in config(path).Open(new()).Read())
            {
                Assert.NotNull(document.Text);
            }
        }
        catch (UserError error)
        {
            Assert.DoesNotContain('\n', error.Message);
        }
    }
}
