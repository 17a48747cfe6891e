using CsCheck;
using Heirloom.Data.Tokens;

namespace Heirloom.Tests.Data;

public sealed class TokenFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(65_536, 2)]
    [InlineData(65_537, 4)]
    public void ReadsWhatWasWritten(int vocabulary, int width)
    {
        int[][] documents = [[1, 2, 65_535], [], [vocabulary - 1], [.. Enumerable.Range(0, 60_000)]];
        var written = TokenFileWriter.Write(At("a.tokens"), TokenCorpus.Info(vocabulary, 1), documents.Select(d => new EncodedDocument(d, 10)));
        using var file = TokenFile.Open(At("a.tokens"), "tokenizer");
        Assert.Equal(written, file.Info);
        Assert.Equal((width, 60_004, 4, 40), (file.Info.Width, file.Info.Tokens, file.Info.Documents, file.Info.TextBytes));
        var ids = new long[60_004];
        file.Read(0, ids);
        Assert.Equal(documents.SelectMany(d => d).Select(i => (long)i), ids);
        Assert.Equal([(0, 3), (3, 3), (3, 4), (4, 60_004)], Enumerable.Range(0, 4).Select(i => file.Document(i)));
        Assert.Equal([0, 0, 0, 2, 3], new[] { 0, 1, 2, 3, 4 }.Select(t => file.DocumentAt(t)));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(60_004, new long[1]));
        Assert.Equal(["a.tokens"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void SameContentSameFingerprint()
    {
        using var a = TokenCorpus.Counting(At("a"), [3, 4]);
        using var b = TokenCorpus.Counting(At("b"), [3, 4]);
        using var c = TokenCorpus.Counting(At("c"), [4, 3]);
        Assert.Equal(a.Fingerprint, b.Fingerprint);
        Assert.NotEqual(a.Fingerprint, c.Fingerprint);
    }

    [Fact]
    public void AFailureWhileWritingLeavesNothing()
    {
        Assert.Throws<UserError>(() => TokenFileWriter.Write(At("a"), TokenCorpus.Info(), []));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenFileWriter.Write(At("a"), TokenCorpus.Info(10), [new([3, 10])]));
        Assert.Throws<InvalidDataException>(() => TokenFileWriter.Write(At("a"), TokenCorpus.Info(10), Failing()));
        Assert.Empty(Directory.GetFiles(_folder.Path));

        static IEnumerable<EncodedDocument> Failing()
        {
            yield return new([1]);
            throw new InvalidDataException();
        }
    }

    [Fact]
    public void RefusesWhatIsNoneAnotherTokenizersOrNewer()
    {
        TokenCorpus.Counting(At("a"), [100]).Dispose();
        Assert.Contains("another tokenizer", Assert.Throws<UserError>(() => TokenFile.Open(At("a"), "other")).Message);
        Assert.Contains("did you mean 'a'?", Assert.Throws<UserError>(() => TokenFile.Open(At("b"))).Message);
        File.WriteAllText(At("text"), "some text that is long enough to be taken for a header, were it not for the magic");
        Assert.Contains("is not a token file", Assert.Throws<UserError>(() => TokenFile.Open(At("text"))).Message);
        var bytes = File.ReadAllBytes(At("a"));
        bytes[8] = 2;
        File.WriteAllBytes(At("new"), bytes);
        Assert.Contains("newer than this program's", Assert.Throws<UserError>(() => TokenFile.Open(At("new"))).Message);
    }

    [Fact]
    public void ADamagedBlockIsNoticedWhenItIsTouched()
    {
        TokenCorpus.Counting(At("a"), [90_000]).Dispose();
        var bytes = File.ReadAllBytes(At("a"));
        bytes[200_000] ^= 1;
        File.WriteAllBytes(At("b"), bytes);
        using var file = TokenFile.Open(At("b"));
        file.Read(0, new long[10]);
        Assert.Contains("is damaged", Assert.Throws<UserError>(() => file.Read(49_000, new long[1_000])).Message);
    }

    [Fact]
    public void FuzzedFilesGiveWhatWasWrittenOrAUserError()
    {
        TokenCorpus.Counting(At("a"), [5, 0, 40, 3], vocabulary: 64).Dispose();
        var good = File.ReadAllBytes(At("a"));
        Gen.Select(Gen.Int[0, good.Length], Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, 2]).Sample((cut, at, value, what) =>
        {
            var bytes = (byte[])good.Clone();
            bytes[at] = what == 1 ? bytes[at] : value;
            File.WriteAllBytes(At("fuzzed"), what == 0 ? bytes : [.. bytes[..cut], .. what == 2 ? bytes[at..] : []]);
            try
            {
                using var file = TokenFile.Open(At("fuzzed"));
                var ids = new long[48];
                file.Read(0, ids);
                Assert.Equal(Enumerable.Range(0, 48).Select(i => (long)i), ids);
                Assert.Equal((45, 48), file.Document(3));
            }
            catch (UserError error)
            {
                Assert.DoesNotContain('\n', error.Message);
            }
        }, iter: 1000, threads: 1);
    }

    private string At(string name) => Path.Combine(_folder.Path, name);
}
