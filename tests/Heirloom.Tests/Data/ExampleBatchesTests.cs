using CsCheck;
using Heirloom.Data;
using Heirloom.Data.Batching;
using static TorchSharp.torch;

namespace Heirloom.Tests.Data;

public class ExampleBatchesTests
{
    [Fact]
    public void EveryExampleOnceAnEpoch() => Gen.Select(Gen.Int[1, 60], Gen.Int[1, 9], Gen.Int[1, 6], Gen.Bool).Sample((count, batch, sortWithin, shuffle) =>
    {
        var batches = new ExampleBatches<int, int[]>([.. Enumerable.Range(0, count)], batch, shuffle, new Seed(2), (rows, _) => [.. rows], "", i => i * 7919 % 31, sortWithin);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            var seen = Enumerable.Range(0, (int)batches.StepsPerEpoch!).SelectMany(s => batches.At((epoch * batches.StepsPerEpoch.Value) + s));
            Assert.Equal(Enumerable.Range(0, count), seen.Order());
        }
    });

    [Fact]
    public void EpochsDifferAndStepsAreTheSameAgain()
    {
        var batches = new ExampleBatches<int, int[]>([.. Enumerable.Range(0, 100)], 10, true, new Seed(2), (rows, _) => [.. rows], "");
        Assert.NotEqual(batches.At(0), batches.At(10));
        Assert.Equal(batches.At(13), batches.At(13));
        Assert.Throws<UserError>(() => new ExampleBatches<int, int[]>([], 10, true, new Seed(2), (rows, _) => [.. rows], ""));
    }

    [Fact]
    public void SortingLeavesLittlePadding()
    {
        var examples = Enumerable.Range(0, 512).Select(i => new LabeledIds([.. Enumerable.Repeat(1, 1 + (i * 7919 % 100))], i % 3)).ToList();
        Assert.True(Padding(32) < 0.3 * Padding(1));

        long Padding(int sortWithin)
        {
            using var scope = NewDisposeScope();
            var batches = new LabeledTextBatches(examples, new() { BatchSize = 8, MaxLength = 200, PadToMultiple = 1, SortWithin = sortWithin }, 0, new Seed(1));
            return Enumerable.Range(0, (int)batches.StepsPerEpoch!).Sum(s => batches.At(s).Mask.logical_not().sum().item<long>());
        }
    }

    [Fact]
    public void LabeledTextIsCutAndPadded()
    {
        using var scope = NewDisposeScope();
        var batches = new LabeledTextBatches([new([1, 2, 3], 1), new([4], 0), new([], 2), new([1, 2, 3, 4, 5, 6, 7], 1)], new() { BatchSize = 3, MaxLength = 6, PadToMultiple = 4, Shuffle = false }, 9, new Seed(1));
        var first = batches.At(0);
        Assert.Equal([1, 2, 3, 9, 4, 9, 9, 9, 9, 9, 9, 9], first.Ids.data<long>());
        Assert.Equal([true, true, true, false, true, false, false, false, true, false, false, false], first.Mask.data<bool>());
        Assert.Equal([1, 0, 2], first.Labels.data<long>());
        var second = batches.At(1);
        Assert.Equal([1, 6], second.Ids.shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], second.Ids.data<long>());
    }

    [Fact]
    public void LabelsAreNumberedByName()
    {
        Document[] documents = [Labeled("spam"), Labeled("ham"), Labeled("spam")];
        var labels = LabelSet.Of(documents, "label");
        Assert.Equal(["ham", "spam"], labels.Names);
        Assert.Equal([1, 0, 1], documents.Select(labels.Of));
        Assert.Contains("did you mean 'spam'?", Assert.Throws<UserError>(() => labels.Of(Labeled("spma"))).Message);
        Assert.Throws<UserError>(() => LabelSet.Of(documents[..1], "label"));
        Assert.Throws<UserError>(() => LabelSet.Of(documents, "class"));

        static Document Labeled(string label) => new("id", "text") { Fields = new Dictionary<string, string> { ["label"] = label } };
    }
}
