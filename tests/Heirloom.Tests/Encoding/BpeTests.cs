using CsCheck;
using Heirloom.Encoding;
using Heirloom.Encoding.Stages;

namespace Heirloom.Tests.Encoding;

public class BpeTests
{
    private static readonly ByteLevelBpe Tokenizer = Samples.Bpe;

    [Fact]
    public void EveryTextComesBack() => Samples.Unicode.Sample(text => Assert.Equal(text, Tokenizer.Decode(Tokenizer.Encode(text), special: true)), iter: 5_000);

    [Fact]
    public void BrokenUtf16BecomesReplacementCharacters()
    {
        Assert.Equal("a\uFFFDb\uFFFD", Tokenizer.Decode(Tokenizer.Encode("a\uD800b\uDC00")));
        Assert.Equal(Tokenizer.Encode("a\uFFFDb"), Tokenizer.Encode("a\uD83Db"));
    }

    [Fact]
    public void BrokenUtf8DecodesAsReplacementCharacters()
    {
        var ids = new byte[] { 0xE6, 0x97, (byte)'a', 0xFF, 0xC0, 0xAF }.Select(b => Tokenizer.IdOf(ByteAlphabet.CharacterOf(b).ToString())!.Value);
        Assert.Equal("\uFFFDa\uFFFD\uFFFD\uFFFD", Tokenizer.Decode(ids));
    }

    [Fact]
    public void LongPiecesEncodeAsShortOnes()
    {
        // no white space: the heap's path; the same words apart take the scanning path
        var model = (BpeModel)Tokenizer.Definition.Model;
        Gen.Int[0, 3].Array[0, 400].Sample(letters =>
        {
            var word = string.Concat(letters.Select(l => "theo"[l]));
            Assert.Equal(ByDefinition(word, model), Tokenizer.Encode(word));
        }, iter: 300);
        Assert.NotEmpty(Tokenizer.Encode(new string('a', 1_000_000)));
    }

    [Fact]
    public void SpecialTokensAreCutOut()
    {
        var end = Tokenizer.EndOfText!.Value;
        Assert.Equal(0, end);
        Assert.Equal([.. Tokenizer.Encode("a dog"), end, end, .. Tokenizer.Encode("b")], Tokenizer.Encode("a dog<|endoftext|><|endoftext|>b"));
        Assert.Equal("a dogb", Tokenizer.Decode(Tokenizer.Encode("a dog<|endoftext|>b")));
        var plain = new ByteLevelBpe(Tokenizer.Definition) { RecognizesSpecialTokens = false };
        Assert.DoesNotContain(end, plain.Encode("a<|endoftext|>"));
        Assert.Equal("a<|endoftext|>", plain.Decode(plain.Encode("a<|endoftext|>")));
        Assert.Equal("ab", Tokenizer.Decode([.. Tokenizer.Encode("a"), -1, int.MaxValue, .. Tokenizer.Encode("b")]));
    }

    [Fact]
    public void AddedTokensTakeWhiteSpaceAndTheLongestWins()
    {
        var size = Tokenizer.VocabularySize;
        var tokenizer = new Tokenizer(Tokenizer.Definition with
        {
            AddedTokens =
            [
                .. Tokenizer.Definition.AddedTokens,
                new() { Id = size, Content = "<a>", Lstrip = true, Rstrip = true },
                new() { Id = size + 1, Content = "<a><b>" },
                new() { Id = size + 2, Content = "fox", SingleWord = true },
            ],
        });
        Assert.Equal([.. Tokenizer.Encode("x"), size, .. Tokenizer.Encode("y")], tokenizer.Encode("x \n <a>  y"));
        Assert.Equal([size + 1, size], tokenizer.Encode("<a><b><a>"));
        Assert.Equal([.. Tokenizer.Encode("a "), size + 2, .. Tokenizer.Encode("! foxes")], tokenizer.Encode("a fox! foxes"));
        Assert.Equal("x<a><b>", tokenizer.Decode(tokenizer.Encode("x<a><b>")));
    }

    [Fact]
    public void BatchesAndCachesGiveTheSame() => Samples.Unicode.Array[0, 20].Sample(texts =>
    {
        var fresh = new ByteLevelBpe(Tokenizer.Definition);
        Assert.Equal(texts.Select(t => fresh.Encode(t)), Tokenizer.EncodeBatch(texts));
    }, iter: 20);

    [Fact]
    public void AddsWhatIsConfiguredAroundAText()
    {
        var tokenizer = BpeTrainer.Train(Samples.Text, new() { VocabularySize = 300, BeginningOfText = "<s>", EndOfText = "</s>", AddSpecialTokens = true }, new());
        Assert.Equal([1, .. tokenizer.Encode("a dog"), 0], tokenizer.Encode("a dog", special: true));
    }

    [Fact]
    public void WordsStartAtSpaces()
    {
        var ids = Tokenizer.Encode("the dog");
        Assert.Equal([Tokenizer.IdOf("Ġdog")!.Value], ids.Where(id => Tokenizer.WordStarts[id]));
        Assert.True(Tokenizer.WordStarts[Tokenizer.EndOfText!.Value]);
    }

    /// <summary>Byte-pair encoding as it is defined: join the leftmost pair of lowest rank, again and again.</summary>
    private static List<int> ByDefinition(string word, BpeModel model)
    {
        var parts = word.Select(c => c.ToString()).ToList();
        var ranks = model.Merges.Index().ToDictionary(m => m.Item, m => m.Index);
        while (parts.Count > 1)
        {
            var (rank, at) = Enumerable.Range(0, parts.Count - 1).Select(i => (ranks.GetValueOrDefault(new(parts[i], parts[i + 1]), int.MaxValue), i)).Min();
            if (rank == int.MaxValue)
            {
                break;
            }

            parts[at] += parts[at + 1];
            parts.RemoveAt(at + 1);
        }

        return [.. parts.Select(p => model.Vocab[p])];
    }
}
