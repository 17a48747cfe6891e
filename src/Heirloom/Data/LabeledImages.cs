using static TorchSharp.torch;

namespace Heirloom.Data;

/// <summary>Images in memory with what they show.</summary>
/// <param name="Images"><c>[N, C, H, W]</c> float32 on 0 … 1.</param>
/// <param name="Labels"><c>[N]</c> int64, indices into <paramref name="Classes"/>.</param>
/// <param name="Classes">The labels' names.</param>
public sealed record LabeledImages(Tensor Images, Tensor Labels, IReadOnlyList<string> Classes) : IDisposable
{
    public long Count => Images.shape[0];

    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }

    /// <summary>Makes it from bytes of grey or coloured images, each in channel, row, column order.</summary>
    /// <param name="pixels">N · C · H · W values.</param>
    /// <param name="labels">N labels.</param>
    /// <param name="shape">C, H, W.</param>
    /// <param name="brightest">The value that becomes 1.</param>
    /// <param name="classes">The labels' names.</param>
    public static LabeledImages FromBytes(byte[] pixels, long[] labels, (long C, long H, long W) shape, double brightest, IReadOnlyList<string> classes)
    {
        using var scope = NewDisposeScope();
        var images = tensor(pixels, [labels.Length, shape.C, shape.H, shape.W]).to(ScalarType.Float32).div_(brightest);
        return new(images.MoveToOuterDisposeScope(), tensor(labels).MoveToOuterDisposeScope(), classes);
    }
}
