using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Models.Vision;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>Which patches are hidden.</summary>
public sealed record MaskedImagesConfig
{
    /// <summary>Share of an image's patches.</summary>
    [Range(0.01, 0.99)]
    public double Share { get; init; } = 0.6;
}

/// <summary>Patches drawn at random are hidden, and their pixels predicted: the mean absolute difference over them.</summary>
/// <remarks>Xie et al. 2022 (SimMIM), §3, with masks of single patches.</remarks>
public static class MaskedImages
{
    /// <param name="config">Null for as published.</param>
    public static Objective<MaskedImageModel, ImageBatch> Objective(MaskedImagesConfig? config = null) => (model, batch, seed) =>
    {
        var hidden = Hide((int)batch.Count, model.Patches, (config ?? new()).Share, seed.For("hidden")).to(batch.Images.device);
        var loss = model.HiddenDifference(batch.Images, model.Reconstruct(batch.Images, hidden), hidden);
        return new(loss, ("loss", loss.detach()));
    };

    /// <summary>The same number of patches in every row, at least one.</summary>
    private static Tensor Hide(int rows, int patches, double share, Seed seed)
    {
        var (count, hidden) = (Math.Max(1, (int)Math.Round(share * patches)), new bool[rows * patches]);
        for (var row = 0; row < rows; row++)
        {
            var places = Enumerable.Range(0, patches).ToArray();
            seed.For("row", row).Random().Shuffle(places.AsSpan());
            foreach (var place in places.AsSpan(0, count))
            {
                hidden[(row * patches) + place] = true;
            }
        }

        return tensor(hidden).view(rows, patches);
    }
}
