using Heirloom.Encoding.Normalizers;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Tests.Encoding;

public class BertStageTests
{
    [Theory]
    [InlineData("Ångström\tÉ\0é\u200D", "angstrom ee")]
    [InlineData("漢x", " 漢 x")]
    [InlineData("İstanbul ΑΣ ß", "istanbul ασ ß")] // one by one: no final sigma
    [InlineData("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af")]
    [InlineData("a\u0897b", "a\u0897b")] // a mark since Unicode 16
    public void Normalizes(string text, string expected) => Assert.Equal(expected, new BertNormalizer().Normalize(text));

    [Fact]
    public void KeepsAccentsWhenTold()
    {
        var normalizer = new BertNormalizer { StripAccents = false };
        Assert.Equal("é i\u0307", normalizer.Normalize("É İ"));
        Assert.Equal("E I", new BertNormalizer { StripAccents = true, Lowercase = false }.Normalize("É İ"));
        Assert.Equal("É\t", new BertNormalizer { CleanText = false, Lowercase = false }.Normalize("É\t"));
    }

    [Fact]
    public void SplitsAtSpacesAndMarks()
    {
        var pieces = new Pieces();
        new BertPreTokenizer().Split(" a--b\u00A0c—d\u2E47e $1", pieces);
        Assert.Equal(["a", "-", "-", "b", "c", "—", "d\u2E47e", "$", "1"], pieces.List); // U+2E47 is punctuation since Unicode 10
    }

    private sealed class Pieces : IPieceSink
    {
        public List<string> List { get; } = [];

        public void Add(ReadOnlySpan<char> piece) => List.Add(piece.ToString());
    }
}
