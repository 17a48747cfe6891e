using Heirloom.Data;
using Heirloom.Models.Parts;
using static TorchSharp.torch;

namespace Heirloom.Objectives.Targets;

/// <summary>All targets of an assembled model that sees, learned together: what one hides is hidden from all, and their losses are summed by weight.</summary>
public static class ImageTargets
{
    /// <param name="loss">How codes and classes are scored; null for plain cross-entropy.</param>
    /// <returns>Parts bear the target's name where there are several.</returns>
    public static Objective<AssembledImages, ImageBatch> Objective(CrossEntropyConfig? loss = null) => (model, batch, seed) =>
    {
        var losses = new List<(Target, Loss)>();
        Tensor hidden_BND;
        if (model.Find<MaskedPixelsTarget>() is { } pixels)
        {
            var visible = Draw(pixels.Kind, pixels.Hidden).Visible;
            hidden_BND = model.EncodeVisible(batch.Images, visible);
            losses.Add((pixels, PixelLoss(pixels, hidden_BND, visible, batch.Images)));
        }
        else if (model.Find<MaskedCodesTarget>() is { } codes)
        {
            var hidden = Draw(codes.Kind, codes.Hidden).Hidden;
            hidden_BND = model.EncodeHidden(batch.Images, hidden);
            losses.Add((codes, CrossEntropy.OfHidden(codes.Logits, model.OfPatches(hidden_BND), codes.Truth(batch.Images).masked_fill(hidden.logical_not(), TokenBatch.Ignore), loss)));
        }
        else
        {
            hidden_BND = model.Encode(batch.Images);
        }

        if (model.Find<ClassificationTarget>() is { } classes)
        {
            losses.Add((classes, Classification.Loss(classes.Classify(model.Pool(hidden_BND)), batch.Labels, loss)));
        }

        return losses.Count > 0 ? WeightedSum.Of(losses) : throw new UserError("the model has no target", "targets", "give it one");

        HiddenPatches Draw(string kind, double share) => HiddenPatches.Draw(batch.Count, model.Patches, share, seed.For(kind), batch.Images.device);
    };

    /// <summary>Mean squared error over the pixels of hidden patches (He et al. 2022, §3).</summary>
    private static Loss PixelLoss(MaskedPixelsTarget target, Tensor hidden_BKD, Tensor visible_BK, Tensor images)
    {
        var errors_BN = target.Pixels(hidden_BKD, visible_BK).to(ScalarType.Float32).sub(target.Truth(images)).square().mean([-1]);
        var unseen = ones_like(errors_BN).scatter(1, visible_BK, zeros_like(visible_BK).to(errors_BN.dtype));
        var loss = (errors_BN * unseen).sum() / unseen.sum();
        return new(loss, ("loss", loss.detach())) { Terms = unseen.sum() };
    }
}
