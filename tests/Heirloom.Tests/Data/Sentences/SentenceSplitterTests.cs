using CsCheck;
using Heirloom.Data.Sentences;

namespace Heirloom.Tests.Data.Sentences;

public class SentenceSplitterTests
{
    [Theory]
    [InlineData("It rains. We stay! Do you?", new[] { "It rains.", "We stay!", "Do you?" })]
    [InlineData("Mr. Smith met Dr. J. Jones in the U.S. Senate. They spoke.", new[] { "Mr. Smith met Dr. J. Jones in the U.S. Senate.", "They spoke." })]
    [InlineData("He said \"Go.\" She went.", new[] { "He said \"Go.\"", "She went." })]
    [InlineData("It cost 3.50 dollars... and then more. Yes.", new[] { "It cost 3.50 dollars... and then more.", "Yes." })]
    [InlineData("A title\n\nA text that goes\non. (An aside.) End", new[] { "A title", "A text that goes\non.", "(An aside.)", "End" })]
    [InlineData("我来了。你呢？好！", new[] { "我来了。", "你呢？", "好！" })]
    [InlineData("What?! No", new[] { "What?!", "No" })]
    [InlineData(" \n\n ", new string[0])]
    [InlineData("", new string[0])]
    public void EndsWhereAReaderWould(string text, string[] sentences) => Assert.Equal(sentences, SentenceSplitter.Split(text));

    [Fact]
    public void LosesNothingButWhiteSpace() => Gen.Char["aB.!?…。\"') \n\t1"].Array[0, 60].Select(c => new string(c)).Sample(text =>
    {
        var sentences = SentenceSplitter.Split(text).ToList();
        return sentences.All(s => s.Length > 0 && s == s.Trim()) && Dense(string.Concat(sentences)) == Dense(text);

        static string Dense(string s) => string.Concat(s.Where(c => !char.IsWhiteSpace(c)));
    });
}
