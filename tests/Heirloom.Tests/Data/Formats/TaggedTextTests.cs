using CsCheck;
using Heirloom.Data.Formats;

namespace Heirloom.Tests.Data.Formats;

public sealed class TaggedTextTests
{
    [Theory]
    [InlineData("He/pps said/vbd ./.", "He said.")]
    [InlineData("``/`` no/at evidence/nn ''/'' that/cs", "\"no evidence\" that")]
    [InlineData("outmoded/jj ''/'' ,/, the/at jury/nn", "outmoded,\" the jury")]
    [InlineData("movies/nns ''/'' !/. !/.", "movies!\"")]
    [InlineData("eyes/nns ;/. ;/.\nall/abn", "eyes; all")]
    [InlineData("man/nn (/( and/cc why/wrb ?/. ?/.\n)/) ,/, had/hvd", "man (and why?), had")]
    [InlineData("a/at --/-- b/nn", "a -- b")]
    [InlineData("his/pp$ '/' own/jj '/' way/nn", "his 'own' way")]
    [InlineData("1/2/cd and/or/cc don't/do*", "1/2 and/or don't")]
    [InlineData("One/cd ./.\nTwo/cd ./.\n\n\n\tThree/cd ./.\n", "One. Two.\n\nThree.")]
    [InlineData("", "")]
    public void Words_are_set_as_print_sets_them(string tagged, string plain) => Assert.Equal(plain, TaggedText.Parse(tagged, "x").Plain());

    [Fact]
    public void A_word_without_a_tag_is_refused_with_its_line() =>
        Assert.StartsWith("file:2: 'bare'", Assert.Throws<UserError>(() => TaggedText.Parse("a/b\nc/d bare", "file")).Message);

    [Fact]
    public void Any_text_is_parsed_or_refused() => Gen.String[Gen.Char["ab/ \n\t'`.,;!?()"], 0, 40].Sample(text =>
    {
        try
        {
            var parsed = TaggedText.Parse(text, "x");
            var plain = parsed.Plain();
            // no letter is lost or made
            Assert.Equal(parsed.Sentences.SelectMany(s => s).Sum(w => w.Word.Count(char.IsLetter)), plain.Count(char.IsLetter));
        }
        catch (UserError)
        {
        }
    });
}
