using Heirloom.Encoding;
using Heirloom.Encoding.Extending;
using Heirloom.Encoding.Learning;
using Heirloom.Encoding.Stages;

namespace Heirloom.Tests.Encoding.Extending;

public sealed class TokenizerExtensionTests
{
    private const string General = "the cat sat on the mat and the dog sat on the log";
    private const string Domain = "pneumonia of the lung; pneumothorax of the lung; pneumonia and pneumonia";

    private static readonly ByteLevelBpe s_bpe = BpeTrainer.Train([General], new() { VocabularySize = 275, MinFrequency = 1 }, new WorkContext());

    [Fact]
    public void TokensOfAListAreMatchedAsTheyStand()
    {
        var extended = TokenizerExtension.Add(s_bpe, ["pneumonia", "the", "pneumonia", "<|x|>"]);
        Assert.Equal(["pneumonia", "<|x|>"], extended.Added.Where(t => t.Token != "the").Select(t => t.Token));
        Assert.Equal(s_bpe.VocabularySize, extended.Added[0].Id);
        Assert.Equal(s_bpe.Encode("pneumonia"), extended.Added[0].Pieces);
        Assert.Contains(extended.Added[0].Id, extended.Tokenizer.Encode("of pneumonia"));
        Assert.Equal("of pneumonia<|x|>", extended.Tokenizer.Decode(extended.Tokenizer.Encode("of pneumonia<|x|>")));
    }

    [Fact]
    public void FurtherMergesSaveTokensAndKeepOldIds()
    {
        var extended = TokenizerExtension.Learn(s_bpe, [Domain], new() { Count = 12, MinFrequency = 2 }, new WorkContext());
        var tokenizer = extended.Tokenizer;

        Assert.Contains("Ġpneum", extended.Added.Select(t => t.Token));
        Assert.True(tokenizer.Encode(Domain).Length < s_bpe.Encode(Domain).Length);
        Assert.Equal(Domain, tokenizer.Decode(tokenizer.Encode(Domain)));
        for (var id = 0; id < s_bpe.VocabularySize; id++)
        {
            Assert.Equal(s_bpe.TokenOf(id), tokenizer.TokenOf(id));
        }

        // a new token is what the old tokenizer would have written
        foreach (var text in new[] { Domain, General, "pneumonia cats" })
        {
            Assert.Equal(s_bpe.Encode(text), tokenizer.Encode(text).SelectMany(id => extended.Added.FirstOrDefault(t => t.Id == id)?.Pieces.ToArray() ?? [id]));
        }
    }

    [Fact]
    public void WordPieceGainsTheWordsThatSaveMost()
    {
        var old = WordPieceTrainer.Train([General + " pneumothraxi ; ulg"], new() { VocabularySize = 60, MinFrequency = 2 }, new WorkContext());
        var extended = TokenizerExtension.Learn(old, [Domain], new() { Count = 2, MinFrequency = 2 }, new WorkContext());

        Assert.Equal(["pneumonia", "lung"], extended.Added.Select(t => t.Token));
        Assert.Equal(old.Encode("pneumonia"), extended.Added[0].Pieces);
        Assert.Equal([extended.Added[0].Id], extended.Tokenizer.Encode("pneumonia"));
    }

    [Fact]
    public void SharedTokensAreThemselvesAndOthersTheirPieces()
    {
        var other = WordPieceTrainer.Train([General, Domain], new() { VocabularySize = 90, MinFrequency = 1 }, new WorkContext());
        var mapped = VocabularyMapping.ByPieces(s_bpe, other);

        Assert.Equal(other.VocabularySize, mapped.Length);
        Assert.Equal(s_bpe.IdOf("Ġthe"), Assert.Single(mapped[other.IdOf("the")!.Value].Parts).Id);
        var word = other.IdOf("pneumonia");
        if (word is { } id)
        {
            Assert.Equal(s_bpe.Encode(" pneumonia"), mapped[id].Parts.Select(p => p.Id));
        }

        Assert.Equal(Enumerable.Range(0, s_bpe.VocabularySize).ToArray(), VocabularyMapping.ByPieces(s_bpe, s_bpe).Select(m => m.Parts.Single().Id));
    }

    [Fact]
    public void ATokenThatIsOnlyWrittenByOneIsNotShared()
    {
        var lower = WordPieceTrainer.Train([General], new() { VocabularySize = 90, MinFrequency = 1 }, new WorkContext());
        var cased = WordPieceTrainer.Train(["The THE cat"], new() { VocabularySize = 90, MinFrequency = 1, Lowercase = false }, new WorkContext());
        var id = cased.IdOf("The")!.Value;
        var mapped = VocabularyMapping.ByPieces(lower, cased);

        Assert.Equal((MappedBy.Pieces, lower.IdOf("the")), (mapped[id].By, mapped[id].Parts.Single().Id));
        Assert.Equal(MappedBy.Sharing, mapped[cased.IdOf("cat")!.Value].By);
        var vectors = new Dictionary<string, float[]> { ["The"] = [1, 0], ["cat"] = [1, 0], ["the"] = [0, 1] };
        var near = VocabularyMapping.BySimilarity(lower, cased, vectors, nearest: 1)[id];
        Assert.Equal((MappedBy.Similarity, lower.IdOf("cat")), (near.By, near.Parts.Single().Id));
    }

    [Fact]
    public void TokensOfBytesStandForNoText()
    {
        var spelled = new Tokenizer(new() { Model = new UnigramModel { Vocab = [new("<unk>", 0), new("▁the", -1), new("<0xC3>", -9)], UnkId = 0, ByteFallback = true } }, new() { Unknown = "<unk>" });

        Assert.Equal([MappedBy.Sharing, MappedBy.Nothing], VocabularyMapping.ByPieces(s_bpe, spelled)[1..].Select(m => m.By));
        Assert.Equal(MappedBy.Sharing, VocabularyMapping.ByPieces(spelled, spelled)[2].By);
    }

    [Fact]
    public void VectorsOfNoOldTokenAreRefused() =>
        Assert.Contains("no old token has a vector", Assert.Throws<UserError>(() => VocabularyMapping.BySimilarity(s_bpe, s_bpe, new Dictionary<string, float[]> { ["kitten"] = [1] })).Message, StringComparison.Ordinal);

    [Fact]
    public void PiecesAreWholeWhateverTheTokenizersFileSays()
    {
        var cutting = new Tokenizer(s_bpe.Definition with { Truncation = new() { MaxLength = 1 } }, s_bpe.Roles);
        var extended = TokenizerExtension.Add(cutting, ["pneumonia"]);

        Assert.Equal(s_bpe.Encode("pneumonia"), extended.Added[0].Pieces);
        Assert.Equal(s_bpe.Encode("pneumonia"), VocabularyMapping.ByPieces(cutting, extended.Tokenizer)[^1].Parts.Select(p => p.Id));
    }

    [Fact]
    public void SimilarTokensShareByTheirCosines()
    {
        var other = TokenizerExtension.Add(s_bpe, ["kitten"]).Tokenizer;
        var vectors = new Dictionary<string, float[]> { ["kitten"] = [1, 0.1f], ["cat"] = [1, 0], ["dog"] = [0, 1] };
        var mapped = VocabularyMapping.BySimilarity(s_bpe, other, vectors, nearest: 3, temperature: 0.1)[^1];

        var parts = mapped.Parts.ToDictionary(p => p.Id, p => p.Weight);
        Assert.Equal(1, parts.Values.Sum(), 1e-9);
        Assert.True(parts.Where(p => s_bpe.TokenOf(p.Key)!.EndsWith("cat", StringComparison.Ordinal)).Sum(p => p.Value) > 0.99);
    }
}
