using Heirloom.Data.Batching;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Data;

public class ImageBatchesTests
{
    [Fact]
    public void NormalizesBytesAndKeepsLabelsWithTheirImages()
    {
        using var scope = NewDisposeScope();
        var images = arange(4, dtype: ScalarType.Byte).view(4, 1, 1, 1).expand(4, 2, 3, 3).contiguous() * 51;
        var batches = new ImageBatches(images, arange(4), new() { BatchSize = 2, Mean = [0.2, 0], Deviation = [0.5, 1] }, new Seed(1));
        for (var step = 0; step < 4; step++)
        {
            var batch = batches.At(step);
            Assert.Equal([2, 2, 3, 3], batch.Images.shape);
            var expected = batch.Labels.to(ScalarType.Float32) * 0.2f;
            Assert.True(batch.Images[TensorIndex.Colon, 1, 2, 2].allclose(expected));
            Assert.True(batch.Images[TensorIndex.Colon, 0, 0, 0].allclose((expected - 0.2f) / 0.5f, atol: 1e-6));
        }
    }

    [Fact]
    public void AugmentationShiftsAndFlipsAndIsTheSameAgain()
    {
        using var scope = NewDisposeScope();
        var image = arange(1, 26, dtype: ScalarType.Float32).view(1, 1, 5, 5);
        var batches = new ImageBatches(image.repeat(64, 1, 1, 1), zeros(64, ScalarType.Int64), new() { BatchSize = 64, Shift = 1, Flip = true }, new Seed(1));
        var batch = batches.At(0).Images;
        Assert.True(batch.Equals(batches.At(0).Images));
        Assert.False(batch.Equals(batches.At(1).Images));
        var padded = nn.functional.pad(image, [1, 1, 1, 1]);
        var variants = (from y in Enumerable.Range(0, 3) from x in Enumerable.Range(0, 3) let cut = padded.narrow(2, y, 5).narrow(3, x, 5) from v in new[] { cut, cut.flip(3) } select v[0]).ToList();
        var seen = Enumerable.Range(0, 64).Select(i => variants.FindIndex(v => v.Equals(batch[i]))).ToList();
        Assert.DoesNotContain(-1, seen);
        Assert.InRange(seen.Distinct().Count(), 12, 18);
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<UserError>(() => new ImageBatches(zeros(4, 1, 2, 2), zeros(3, ScalarType.Int64), new() { BatchSize = 2 }, new Seed(0)));
        Assert.Throws<UserError>(() => new ImageBatches(zeros(4, 1, 2, 2), zeros(4, ScalarType.Int64), new() { BatchSize = 2, Mean = [1, 2] }, new Seed(0)));
    }

    [Fact]
    public void BatchesLeakNothing()
    {
        using var outer = NewDisposeScope();
        var batches = new ImageBatches(zeros(8, 1, 4, 4), zeros(8, ScalarType.Int64), new() { BatchSize = 4, Shift = 1, Flip = true, Mean = [0.5] }, new Seed(0));
        using var scope = NewDisposeScope();
        var batch = batches.At(0);
        Assert.Equal(2, scope.DisposablesCount);
        Assert.True(scope.Contains(batch.Images));
    }
}
