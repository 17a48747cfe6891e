using Heirloom.Encoding;
using Heirloom.Encoding.Learning;

namespace Heirloom.Tests.Encoding.Learning;

public sealed class WordPieceTrainerTests
{
    private static readonly string[] s_text = [.. Enumerable.Repeat("the unaffable cats ate the cat; unable cat tables, the tall able table", 3), "Zürich zürich 日本"];

    [Fact]
    public void LearnsByMergingTheMostFrequentPairs()
    {
        var tokenizer = WordPieceTrainer.Train(["ab ab ab abc abc abd"], new() { VocabularySize = 100, MinFrequency = 2 }, new WorkContext());
        var vocabulary = tokenizer.Definition.Model.Vocab.OrderBy(t => t.Value).Select(t => t.Key);

        // special tokens, characters, characters within words, then merges: a b (6), ab c (2)
        Assert.Equal(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "##b", "##c", "##d", "ab", "abc"], vocabulary);
        Assert.Equal(["[CLS]", "ab", "##d", "abc", "[UNK]", "[SEP]"], tokenizer.Encode("abd ABC xyz", special: true).Select(tokenizer.TokenOf));
    }

    [Fact]
    public void TheResultDependsNeitherOnThreadsNorOnTheOrderOfDocuments()
    {
        var config = new WordPieceTrainingConfig { VocabularySize = 55, MinFrequency = 1 };
        var one = WordPieceTrainer.Train(s_text, config, new WorkContext(), threads: 1);
        Assert.Equal(one.Fingerprint, WordPieceTrainer.Train(s_text.Reverse(), config, new WorkContext(), threads: 4).Fingerprint);
        Assert.Equal(55, one.VocabularySize);
    }

    [Fact]
    public void IsReadBackAsItWas()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = WordPieceTrainer.Train(s_text, new() { VocabularySize = 70, MinFrequency = 1 }, new WorkContext());
        tokenizer.WriteTo(folder.Path);
        var read = TokenizerFile.Load(folder.Path);
        Assert.Equal(tokenizer.Fingerprint, read.Fingerprint);
        Assert.Equal("the cat ate zurich", read.Decode(read.Encode("The cat ate Zürich", special: true)));
    }

    [Fact]
    public void RareCharactersAreUnknown()
    {
        var tokenizer = WordPieceTrainer.Train(["aaaa bbb c"], new() { VocabularySize = 30, MaxAlphabet = 2 }, new WorkContext());
        Assert.Null(tokenizer.IdOf("c"));
        Assert.Equal([tokenizer.IdOf("[UNK]")!.Value], tokenizer.Encode("c"));
    }

    [Fact]
    public void AVocabularyWithoutRoomIsRefused() =>
        Assert.Contains("no room for 5 special tokens", Assert.Throws<UserError>(() => WordPieceTrainer.Train(s_text, new() { VocabularySize = 8 }, new WorkContext())).Message, StringComparison.Ordinal);
}
