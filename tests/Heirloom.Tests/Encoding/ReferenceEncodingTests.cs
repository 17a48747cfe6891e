using Heirloom.Encoding;

namespace Heirloom.Tests.Encoding;

public class ReferenceEncodingTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("wordpiece")]
    public void AgreesExactly(string name)
    {
        if (Reference.Find(name) is not { } reference)
        {
            return; // the committed goldens below stand in
        }

        var tokenizer = TokenizerFile.Load(reference.Folder);
        var ids = reference.Lines.Select(line => tokenizer.Encode(line)).ToList();
        Assert.Equal(reference.Ids, ids);
        Assert.Equal(reference.IdsWithSpecial, reference.Lines.Select(line => tokenizer.Encode(line, special: true)));
        Assert.Equal(reference.Decoded, ids.Select(i => tokenizer.Decode(i)));
        Assert.Equal(reference.Ids, tokenizer.EncodeBatch([.. reference.Lines]));
    }

    [Fact]
    public void SmallWordPieceGolden()
    {
        string[] vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "na", "##ive", "cafe", "##s", "!", "'", "t", "don", "漢", "字"];
        var tokenizer = TokenizerFile.Parse(Samples.WordPiece(vocabulary));
        Assert.Equal([2, 5, 6, 7, 8, 9, 10, 3], tokenizer.Encode("  The NAÏVE\tcafés!\u0001", special: true));
        Assert.Equal([13, 11, 12, 14, 15, 1, 4], tokenizer.Encode("don't漢字 xyz[MASK]"));
        Assert.Equal("don ' t the!", tokenizer.Decode([2, 13, 11, 12, 5, 10, 3]));
        Assert.Equal("[CLS] cafes [SEP]", tokenizer.Decode([2, 8, 9, 3], special: true));
        Assert.Equal((3, 0, 4), (tokenizer.EndOfText, tokenizer.Padding, tokenizer.Mask));
        Assert.False(tokenizer.WordStarts[7]);
        Assert.True(tokenizer.WordStarts[6]);
    }
}
