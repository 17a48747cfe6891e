using Heirloom.Encoding;
using Heirloom.Encoding.Learning;

namespace Heirloom.Tests.Encoding.Learning;

public sealed class UnigramTrainerTests
{
    private static readonly string[] s_text = [.. Enumerable.Repeat("the cats ate the cat; unable cat tables, the tall able table", 4), "Zürich ｆｕｌｌ 日本 🙂"];

    [Fact]
    public void EncodesItsTextAndIsReadBack()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = UnigramTrainer.Train(s_text, new() { VocabularySize = 60 }, new WorkContext());
        tokenizer.WriteTo(folder.Path);
        var read = TokenizerFile.Load(folder.Path);

        Assert.Equal(tokenizer.Fingerprint, read.Fingerprint);
        Assert.True(tokenizer.VocabularySize <= 60);
        Assert.Equal("▁the", tokenizer.TokenOf(tokenizer.Encode("the cat")[0]));
        Assert.Equal("the cat ate Zürich full", read.Decode(read.Encode("the cat ate  Zürich ｆｕｌｌ", special: true)));
        Assert.Equal(tokenizer.IdOf("</s>"), read.Encode("cat", special: true)[^1]);
        Assert.Contains(tokenizer.IdOf("<unk>")!.Value, tokenizer.Encode("Ж"));
    }

    [Fact]
    public void TheResultDependsNeitherOnThreadsNorOnTheOrderOfDocuments()
    {
        var config = new UnigramTrainingConfig { VocabularySize = 50 };
        Assert.Equal(UnigramTrainer.Train(s_text, config, new WorkContext(), threads: 1).Fingerprint, UnigramTrainer.Train(s_text.Reverse(), config, new WorkContext(), threads: 4).Fingerprint);
    }

    [Fact]
    public void AVocabularyWithoutRoomIsRefused() =>
        Assert.Contains("no room for 3 special tokens", Assert.Throws<UserError>(() => UnigramTrainer.Train(s_text, new() { VocabularySize = 10 }, new WorkContext())).Message, StringComparison.Ordinal);
}
