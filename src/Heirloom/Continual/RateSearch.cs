using Heirloom.Models.Vision;

namespace Heirloom.Continual;

/// <summary>Chooses a method's learning rate on validation images, the same way for every method.</summary>
public static class RateSearch
{
    /// <summary>The candidate with the best last accuracy on the stream; the first on ties. A method that trains nothing is returned as it is.</summary>
    /// <param name="method">With the learning rate that <paramref name="factors"/> multiply.</param>
    /// <param name="factors">At least one.</param>
    /// <param name="pretrained">Where every candidate starts.</param>
    /// <param name="validation">See <see cref="ClassStream.Validation"/>.</param>
    /// <param name="seed">All randomness; the same for every candidate.</param>
    /// <param name="work">Device, progress, stop.</param>
    public static ClassIncrementalConfig Best(
        ClassIncrementalConfig method, IReadOnlyList<double> factors, VisionTransformer pretrained, ClassStream validation, Seed seed, WorkContext work)
    {
        var candidates = factors.Select(method.WithRate).Distinct().ToList();
        return candidates.Count == 1 ? candidates[0] : candidates.MaxBy(Score)!;

        double Score(ClassIncrementalConfig candidate)
        {
            using var learner = candidate.Build(pretrained, seed, work);
            return AccuracyMatrix.Of(learner, validation).Last;
        }
    }

    /// <summary>Chooses the learning rate on part of the training images, then takes the method through the whole stream.</summary>
    /// <param name="method">With the learning rate that <paramref name="factors"/> multiply.</param>
    /// <param name="factors">At least one; a single one needs no search.</param>
    /// <param name="pretrained">Where the method starts.</param>
    /// <param name="stream">To learn and to be tested on.</param>
    /// <param name="share">Share of the training images that validates.</param>
    /// <param name="seed">All randomness.</param>
    /// <param name="work">Device, progress, stop.</param>
    public static AccuracyMatrix Run(
        ClassIncrementalConfig method, IReadOnlyList<double> factors, VisionTransformer pretrained, ClassStream stream, double share, Seed seed, WorkContext work)
    {
        using var validation = stream.Validation(share, seed.For("validation"));
        var best = Best(method, factors, pretrained, validation, seed.For("search"), work);
        using var learner = best.Build(pretrained, seed.For("learner"), work);
        return AccuracyMatrix.Of(learner, stream);
    }
}
