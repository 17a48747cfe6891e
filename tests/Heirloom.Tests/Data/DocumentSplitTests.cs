using CsCheck;
using Heirloom.Data;

namespace Heirloom.Tests.Data;

public class DocumentSplitTests
{
    private static readonly DocumentSplit s_split = new() { Validation = 0.1, Test = 0.2 };

    [Fact]
    public void PartsHaveTheirFractions()
    {
        const int Count = 20_000;
        var counts = Enumerable.Range(0, Count).CountBy(i => s_split.PartOf($"document {i}")).ToDictionary();
        foreach (var (part, fraction) in new[] { (SplitPart.Train, 0.7), (SplitPart.Validation, 0.1), (SplitPart.Test, 0.2) })
        {
            Assert.InRange(counts[part], Count * fraction - 4 * Math.Sqrt(Count * fraction), Count * fraction + 4 * Math.Sqrt(Count * fraction));
        }
    }

    [Fact]
    public void WhiteSpaceDoesNotSeparateCopies() => Gen.String[Gen.Char["abc \n\t"], 0, 20].Sample(text =>
        s_split.PartOf(text) == s_split.PartOf("\n" + string.Join("  ", text.Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries)) + " "));

    [Fact]
    public void AnotherTestFractionMovesNoValidationIntoTest() => Gen.String.Sample(text =>
        s_split.PartOf(text) == SplitPart.Test || (s_split with { Test = 0.1 }).PartOf(text) != SplitPart.Test);

    [Fact]
    public void LongWordsAndSaltCount()
    {
        var a = new string('é', 1000);
        Assert.Contains(Enumerable.Range(0, 50), i => s_split.PartOf(a) != (s_split with { Salt = $"{i}" }).PartOf(a));
        Assert.Contains(Enumerable.Range(0, 50), i => s_split.PartOf(a + i) != s_split.PartOf(a));
    }

    [Fact]
    public void NothingLeftToTrainOnIsRefused() => Assert.Throws<UserError>(() => (s_split with { Test = 0.9 }).PartOf("x"));

    [Fact]
    public void A_sample_of_a_source_sorted_by_class_has_every_class_and_keeps_the_order()
    {
        Document[] documents = [.. Enumerable.Range(0, 1000).Select(i => new Document($"{i}", $"text {i}") { Fields = new Dictionary<string, string> { ["label"] = i < 500 ? "a" : "b" } })];
        var sample = new DocumentSplit().Sample(documents, 200);
        Assert.Equal(200, sample.Count);
        Assert.InRange(sample.Count(d => d.Fields["label"] == "a"), 70, 130);
        Assert.Equal(sample, documents.Where(sample.Contains));
        Assert.Equal(sample.Select(d => d.Text).Order(), new DocumentSplit().Sample([.. documents.Reverse()], 200).Select(d => d.Text).Order());
        Assert.NotEqual(sample, new DocumentSplit { Salt = "other" }.Sample(documents, 200));
        Assert.Same(documents, new DocumentSplit().Sample(documents, 1000));
    }
}
