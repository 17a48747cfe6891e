using System.IO.Compression;
using DuckDB.NET.Data;
using Heirloom.Data;
using Heirloom.Data.Sources;

namespace Heirloom.Tests.Data;

public sealed class SourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TextIsOneDocumentAFile()
    {
        Write("a.txt", "\uFEFFÀ la carte\r\nx");
        Write("sub/b.txt", "second");
        Write("sub/c.md", "other");
        Assert.Equal(["À la carte\r\nx"], Texts(new TextSourceConfig { Path = At("a.txt") }));
        Assert.Equal(["À la carte\r\nx", "second"], Texts(new TextSourceConfig { Path = At("**/*.txt") }));
        Assert.Equal(["second", "other"], Texts(new TextSourceConfig { Path = At("sub/?.*") }));
    }

    [Fact]
    public void TextIsCutIntoLinesAndParagraphs()
    {
        Write("a.txt", "one\r\ntwo\n\n \nthree\nfour");
        Assert.Equal(["one", "two", "three", "four"], Texts(new TextSourceConfig { Path = At("a.txt"), Split = TextSplit.Lines }));
        var paragraphs = Open(new TextSourceConfig { Path = At("a.txt"), Split = TextSplit.BlankLines }).Read().ToList();
        Assert.Equal(["one\ntwo", "three\nfour"], paragraphs.Select(d => d.Text));
        Assert.EndsWith("a.txt:5", paragraphs[1].Id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(200_001)]
    public void BytesThatAreNoUtf8AreRefusedWithTheirOffset(int offset)
    {
        var bytes = new byte[offset + 10];
        bytes.AsSpan().Fill((byte)'x');
        bytes[offset] = 0xE9;
        File.WriteAllBytes(At("latin.txt"), bytes);
        var error = Assert.Throws<UserError>(() => Texts(new TextSourceConfig { Path = At("latin.txt") }));
        Assert.Contains($"latin.txt: is not UTF-8: byte 0xE9 at offset {offset};", error.Message);
        Assert.Contains('é', Texts(new TextSourceConfig { Path = At("latin.txt"), Encoding = Charset.Latin1 }).Single());
    }

    [Fact]
    public void CharactersAcrossReadsSurvive()
    {
        var text = string.Concat(Enumerable.Range(0, 60_000).Select(i => i % 3 == 0 ? "é" : i % 3 == 1 ? "日" : "🙂"));
        Write("wide.txt", text);
        Assert.Equal([text], Texts(new TextSourceConfig { Path = At("wide.txt") }));
    }

    [Fact]
    public void MissingFileNamesTheNearest()
    {
        Write("corpus.txt", "x");
        Assert.Contains("did you mean 'corpus.txt'?", Assert.Throws<UserError>(() => Open(new TextSourceConfig { Path = At("corpsu.txt") })).Message);
        Assert.Contains("no such folder", Assert.Throws<UserError>(() => Open(new FolderSourceConfig { Path = At("nowhere") })).Message);
        Assert.Contains("does not exist either", Assert.Throws<UserError>(() => Open(new JsonlSourceConfig { Path = At("no/where.jsonl") })).Message);
        Assert.Contains("no file matches", Assert.Throws<UserError>(() => Open(new TextSourceConfig { Path = At("*.md") })).Message);
    }

    [Fact]
    public void EmptyAndOverlongAreRefusedBeforeWork()
    {
        Write("empty.txt", " \n");
        Write("long.txt", new string('x', 1001));
        Assert.Contains("empty.txt: the corpus is empty", Assert.Throws<UserError>(() => Open(new TextSourceConfig { Path = At("empty.txt") })).Message);
        foreach (var split in Enum.GetValues<TextSplit>())
        {
            var error = Assert.Throws<UserError>(() => Open(new TextSourceConfig { Path = At("long.txt"), MaxCharacters = 1000, Split = split }));
            Assert.Contains("long.txt", error.Message);
            Assert.Contains("longer than 1,000 characters", error.Message);
        }
    }

    [Fact]
    public void FolderNamesItsFirstLevel()
    {
        Write("set/ham/1.txt", "hello");
        Write("set/spam/1.txt", "money");
        Write("set/spam/notes.md", "not this");
        var documents = Open(new FolderSourceConfig { Path = At("set") }).Read().ToList();
        Assert.Equal([("hello", "ham"), ("money", "spam")], documents.Select(d => (d.Text, d.Fields["folder"])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void JsonlKeepsTheOtherFields(bool zipped)
    {
        const string Lines = """
            {"text":"a\nb","year":1790,"name":"Washington","tags":["x"]}

            {"text":"c","year":1797,"name":"Adams"}
            """;
        var path = At(zipped ? "a.jsonl.gz" : "a.jsonl");
        using (var file = File.Create(path))
        using (Stream stream = zipped ? new GZipStream(file, CompressionLevel.Fastest) : file)
        {
            stream.Write(TextEncoding.UTF8.GetBytes(Lines));
        }

        var documents = Open(new JsonlSourceConfig { Path = path, Id = "name" }).Read().ToList();
        Assert.Equal([("Washington", "a\nb", "1790"), ("Adams", "c", "1797")], documents.Select(d => (d.Id, d.Text, d.Fields["year"])));
        Assert.Equal("[\"x\"]", documents[0].Fields["tags"]);
    }

    [Theory]
    [InlineData("{\"txt\":\"a\"}", "there is no field 'text'; did you mean 'txt'?")]
    [InlineData("{\"text\":3}", "holds Number")]
    [InlineData("[1]", "holds Array")]
    [InlineData("{\"text\":\"a\"", "is not JSON")]
    [InlineData("{\"text\":\"\\ud800\"}", "surrogate")]
    public void JsonlErrorsNameTheLine(string line, string expected)
    {
        Write("bad.jsonl", "{\"text\":\"fine\"}\n" + line + "\n");
        var error = Assert.Throws<UserError>(() => Texts(new JsonlSourceConfig { Path = At("bad.jsonl") }));
        Assert.Contains("bad.jsonl:2: ", error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void CutShortGzipIsRefused()
    {
        using (var stream = new GZipStream(File.Create(At("a.jsonl.gz")), CompressionLevel.Fastest))
        {
            stream.Write(TextEncoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000).Select(i => $"{{\"text\":\"{i * 7919 % 104729}\"}}\n"))));
        }

        File.WriteAllBytes(At("cut.jsonl.gz"), File.ReadAllBytes(At("a.jsonl.gz"))[..^500]);
        File.WriteAllText(At("none.jsonl.gz"), "this is no gzip");
        Assert.Throws<UserError>(() => Texts(new JsonlSourceConfig { Path = At("cut.jsonl.gz") }));
        Assert.Throws<UserError>(() => Texts(new JsonlSourceConfig { Path = At("none.jsonl.gz") }));
    }

    [Fact]
    public void CsvReadsQuotesDelimitersAndLabels()
    {
        Write("a.csv", "id;review;stars\n1;\"good; \"\"very\"\"\nindeed\";5\n2;bad;1\n");
        var documents = Open(new CsvSourceConfig { Path = At("a.csv"), Text = "review", Label = "stars", Id = "id", Delimiter = ";" }).Read().ToList();
        Assert.Equal([("1", "good; \"very\"\nindeed", "5"), ("2", "bad", "1")], documents.Select(d => (d.Id, d.Text, d.Fields["label"])));
        Assert.Contains("there is no column 'reviw'; did you mean 'review'?", Assert.Throws<UserError>(() => Open(new CsvSourceConfig { Path = At("a.csv"), Text = "reviw", Delimiter = ";" })).Message);
    }

    [Fact]
    public void CsvInAnotherEncodingIsRefusedWithTheOffset()
    {
        File.WriteAllBytes(At("latin.csv"), TextEncoding.Latin1.GetBytes("text,label\ncafé,1\n"));
        Assert.Contains("byte 0xE9 at offset 14", Assert.Throws<UserError>(() => Texts(new CsvSourceConfig { Path = At("latin.csv") })).Message);
        Assert.Equal(["café"], Texts(new CsvSourceConfig { Path = At("latin.csv"), Encoding = Charset.Latin1 }));
    }

    [Fact]
    public void ParquetReadsTheColumnsAskedFor()
    {
        using (var connection = new DuckDBConnection("DataSource=:memory:"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"COPY (SELECT 'text ' || i AS body, i AS year, 'x' AS other FROM range(3000) t(i)) TO '{At("a.parquet")}' (FORMAT parquet)";
            command.ExecuteNonQuery();
        }

        var documents = Open(new ParquetSourceConfig { Path = At("*.parquet"), Text = "body", Fields = ["year"] }).Read().ToList();
        Assert.Equal(Enumerable.Range(0, 3000).Select(i => ($"text {i}", $"{i}")), documents.Select(d => (d.Text, d.Fields["year"])));
        Assert.DoesNotContain("other", documents[0].Fields.Keys);

        File.WriteAllBytes(At("cut.parquet"), File.ReadAllBytes(At("a.parquet"))[..^100]);
        Assert.Throws<UserError>(() => Open(new ParquetSourceConfig { Path = At("cut.parquet"), Text = "body" }));
    }

    [Fact]
    public void FiltersByFieldAndLength()
    {
        Write("a.jsonl", string.Concat(Enumerable.Range(0, 10).Select(i => $"{{\"text\":\"{new string('x', i + 1)}\",\"year\":{1940 + i},\"party\":\"{(i % 2 == 0 ? "a" : "b")}\"}}\n")));
        var source = new JsonlSourceConfig { Path = At("a.jsonl") };
        Assert.Equal([1, 2, 3, 4, 5, 6], Lengths(new() { Source = source, Where = [new() { Field = "year", Max = 1945 }] }));
        Assert.Equal([3, 5], Lengths(new() { Source = source, Where = [new() { Field = "party", Is = "a" }, new() { Field = "year", Min = 1941, Max = 1945 }] }));
        Assert.Equal([9, 10], Lengths(new() { Source = source, MinCharacters = 9 }));
        Assert.Contains("did you mean 'year'?", Assert.Throws<UserError>(() => Open(new FilterSourceConfig { Source = source, Where = [new() { Field = "yeer", Is = "1" }] })).Message);
        Assert.Contains("no document passes", Assert.Throws<UserError>(() => Open(new FilterSourceConfig { Source = source, Where = [new() { Field = "year", Is = "1" }] })).Message);
        Assert.Contains("no number", Assert.Throws<UserError>(() => Open(new FilterSourceConfig { Source = source, Where = [new() { Field = "party", Min = 1 }] })).Message);

        IEnumerable<int> Lengths(FilterSourceConfig config) => Texts(config).Select(t => t.Length);
    }

    [Fact]
    public void FingerprintFollowsContentAndSettingsNotPlaces()
    {
        Write("a.txt", "one\ntwo");
        Write("b.txt", "one\ntwo");
        Write("c.txt", "one\ntwo!");
        var fingerprints = new[] { "a.txt", "b.txt", "c.txt" }.Select(f => Open(new TextSourceConfig { Path = At(f) }).Fingerprint).ToList();
        Assert.Equal(fingerprints[0], fingerprints[1]);
        Assert.NotEqual(fingerprints[0], fingerprints[2]);
        Assert.NotEqual(fingerprints[0], Open(new TextSourceConfig { Path = At("a.txt"), Split = TextSplit.Lines }).Fingerprint);
    }

    [Fact]
    public void ConcatReadsOneAfterTheOtherAndAgain()
    {
        Write("a.txt", "a");
        Write("b.txt", "b");
        var source = Open(new ConcatSourceConfig { Sources = [new TextSourceConfig { Path = At("b.txt") }, new TextSourceConfig { Path = At("a.txt") }] });
        Assert.Equal(["b", "a"], source.Read().Select(d => d.Text));
        Assert.Equal(["b", "a"], source.Read().Select(d => d.Text));
    }

    private static IDocumentSource Open(SourceConfig config) => config.Open(new());

    private static List<string> Texts(SourceConfig config) => [.. Open(config).Read().Select(d => d.Text)];

    private string At(string name) => Path.Combine(_folder.Path, name);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
    }
}
