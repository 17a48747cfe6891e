using System.ComponentModel.DataAnnotations;

namespace Heirloom.Reuse.MergeMethods;

/// <summary>Task vectors of which an element stays the likelier the greater it is in its row.</summary>
/// <remarks>Deep, Bhardwaj and Poria 2024, "DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling".</remarks>
public abstract record DellaMethod : TaskVectorMethod
{
    protected DellaMethod() => Rescale = true;

    public override Type ShareType => typeof(DellaShare);

    public override string? Problem(MergeShare share) => (DellaShare)share is { Density: > 0 and < 1 } della && (della.Density - della.Epsilon <= 0 || della.Density + della.Epsilon >= 1)
        ? $"density {della.Density} ± epsilon {della.Epsilon} must lie between 0 and 1"
        : null;

    protected override void Sparsify(Span<float> vector, MergeShare share, int rowLength, Seed seed)
    {
        var della = (DellaShare)share;
        if (della.Density <= 0)
        {
            vector.Clear();
            return;
        }

        Pruning.Ranked(vector, della.Density, della.Epsilon, rowLength, Rescale, seed);
    }
}

/// <summary>How much of a model, and of its task vector by magnitude.</summary>
public sealed record DellaShare : TaskShare, IExample<DellaShare>
{
    public static new DellaShare Example => new() { Weight = 0.5, Density = 0.5 };

    /// <summary>How far the probabilities of staying spread about the density.</summary>
    [Range(0.0, 0.5)]
    public double Epsilon { get; init; } = 0.15;
}
