using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Models.Vision;

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
        var hidden = HiddenPatches.Draw(batch.Count, model.Patches, (config ?? new()).Share, seed.For("hidden"), batch.Images.device).Hidden;
        var loss = model.HiddenDifference(batch.Images, model.Reconstruct(batch.Images, hidden), hidden);
        return new(loss, ("loss", loss.detach()));
    };
}
