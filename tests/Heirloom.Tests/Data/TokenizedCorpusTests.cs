using Heirloom.Data;
using Heirloom.Data.Sources;
using Heirloom.Encoding;

namespace Heirloom.Tests.Data;

public sealed class TokenizedCorpusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WritesEachPairOfSourceAndTokenizerOnce()
    {
        var reads = 0;
        var source = new DocumentStream("letters", () => new string('a', 64), () => { reads++; return Enumerable.Range(0, 10_000).Select(i => new Document($"{i}", new string((char)('a' + (i % 26)), i % 5))); });
        var work = new WorkContext { Places = new() { Cache = _folder.Path, HubCache = _folder.Path } };
        string path;
        using (var file = TokenizedCorpus.Open(source, new Letters(), work))
        {
            path = file.Path;
            Assert.Equal((10_000, 30_000, 20_000), (file.Info.Documents, file.Info.Tokens, file.Info.TextBytes));
            var ids = new long[5];
            file.Read(file.Document(4).Start, ids);
            Assert.Equal(['e', 'e', 'e', 'e', 0], ids);
        }

        TokenizedCorpus.Open(source, new Letters(), work).Dispose();
        Assert.Equal(1, reads);
        File.WriteAllText(path, "damaged");
        TokenizedCorpus.Open(source, new Letters(), work).Dispose();
        Assert.Equal(2, reads);
    }

    [Fact]
    public void StoppingLeavesNothing()
    {
        var source = new DocumentStream("endless", () => new string('b', 64), () => Enumerable.Range(0, int.MaxValue).Select(i => new Document($"{i}", "text")));
        var work = new WorkContext { Stop = new(canceled: true) };
        Assert.Throws<OperationCanceledException>(() => TokenizedCorpus.Write(_folder / "x.tokens", source, new Letters(), work));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    /// <summary>One id a character, 0 ends a document.</summary>
    /// <summary>A token a character.</summary>
    internal sealed class Letters : ITokenizer
    {
        public int VocabularySize => 128;

        public string Fingerprint => "letters";

        public int? EndOfText => 0;

        public int? Padding => null;

        public int? IdOf(string token) => null;

        public string? TokenOf(int id) => null;

        public int[] Encode(string text, bool special = false) => [.. text.Select(c => (int)c)];

        public string Decode(IEnumerable<int> ids, bool special = false) => string.Concat(ids.Select(i => (char)i));

        public void WriteTo(string folder)
        {
        }
    }
}
