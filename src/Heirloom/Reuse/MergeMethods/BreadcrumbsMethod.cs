using System.ComponentModel.DataAnnotations;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>Task vectors without their greatest elements and without their least.</summary>
/// <remarks>Davari and Belilovsky 2024, "Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks".</remarks>
public abstract record BreadcrumbsMethod : TaskVectorMethod
{
    public override Type ShareType => typeof(BreadcrumbsShare);

    protected override void Sparsify(Span<float> vector, MergeShare share, int rowLength, Seed seed) =>
        Pruning.Rescaled(vector, Rescale, left => Pruning.Outliers(left, ((BreadcrumbsShare)share).Density, ((BreadcrumbsShare)share).Gamma));
}

/// <summary>How much of a model, and of its task vector from the middle of the magnitudes.</summary>
public sealed record BreadcrumbsShare : TaskShare, IExample<BreadcrumbsShare>
{
    public static new BreadcrumbsShare Example => new() { Weight = 0.5, Density = 0.9 };

    /// <summary>Share of the elements that is left out for being the greatest; as much of it as the density leaves room for.</summary>
    [Range(0.0, 1)]
    public double Gamma { get; init; } = 0.01;
}
