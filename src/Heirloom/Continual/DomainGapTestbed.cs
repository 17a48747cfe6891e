using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Models.Vision;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Optimizers;

namespace Heirloom.Continual;

/// <summary>Settings of <see cref="DomainGapTestbed"/>.</summary>
public sealed record DomainGapTestbedConfig : IExample<DomainGapTestbedConfig>
{
    public static DomainGapTestbedConfig Example => new() { Model = VisionTransformerConfig.Example };

    /// <summary>The pretrained model; its classes are set to <see cref="PretrainingClasses"/>.</summary>
    public required VisionTransformerConfig Model { get; init; }

    /// <summary>Classes of the near domain that the model is pretrained on; the stream has the others.</summary>
    [Range(2, 1_000_000)]
    public int PretrainingClasses { get; init; } = 4;

    /// <summary>Pretraining images a class.</summary>
    [Range(1, 100_000_000)]
    public int PretrainingImages { get; init; } = 1000;

    /// <summary>Pretraining, from random weights.</summary>
    public TrainingConfig Pretraining { get; init; } = new() { Steps = 600, Optimizer = new AdamWConfig { LearningRate = 1e-3, Decay = 0.05 } };

    [Range(1, 1 << 20)]
    public int PretrainingBatch { get; init; } = 64;

    /// <summary>The streams' training images a class.</summary>
    [Range(1, 100_000_000)]
    public int TrainingImages { get; init; } = 100;

    /// <summary>The streams' test images a class.</summary>
    [Range(1, 100_000_000)]
    public int TestImages { get; init; } = 70;

    /// <summary>How classes arrive.</summary>
    public ClassStreamConfig Stream { get; init; } = new();
}

/// <summary>
/// A vision transformer pretrained with labels on some classes of one domain, and two class-incremental streams: the domain's other classes
/// (a small gap) and another domain (a large one). Owns all three; dispose it.
/// </summary>
public sealed class DomainGapTestbed : IDisposable
{
    private DomainGapTestbed(VisionTransformer pretrained, ClassStream near, ClassStream far) => (Pretrained, Near, Far) = (pretrained, near, far);

    public VisionTransformer Pretrained { get; }

    public ClassStream Near { get; }

    public ClassStream Far { get; }

    /// <param name="config">Sizes.</param>
    /// <param name="near">The domain of pretraining; of the model's size and channels; stays the caller's.</param>
    /// <param name="far">Another domain, likewise.</param>
    /// <param name="seed">Which classes are pretrained on, and all else.</param>
    /// <param name="work">Device, progress, stop.</param>
    /// <exception cref="UserError">Too few classes in the near domain for pretraining and a stream.</exception>
    public static DomainGapTestbed Build(DomainGapTestbedConfig config, LabeledImages near, LabeledImages far, Seed seed, WorkContext work)
    {
        if (near.Classes.Count <= config.PretrainingClasses)
        {
            throw new UserError($"the near domain has {near.Classes.Count} classes and {config.PretrainingClasses} are for pretraining", "pretraining_classes", "leave some for the stream");
        }

        var order = Enumerable.Range(0, near.Classes.Count).ToArray();
        seed.For("pretraining classes").Random().Shuffle<int>(order);
        var model = (config.Model with { Classes = config.PretrainingClasses }).Build(seed.For("model"));
        using (var known = near.OfClasses(order[..config.PretrainingClasses]))
        {
            var (train, rest) = known.Divide(config.PretrainingImages, 0, seed.For("pretraining images"));
            rest.Dispose();
            using (train)
            {
                var batches = new ImageBatches(train.Images, train.Labels, new() { BatchSize = (int)Math.Min(config.PretrainingBatch, train.Count) }, seed.For("pretraining batches"));
                new Trainer(config.Pretraining, seed.For("pretraining"), work).Fit(model, ImageClassification.Objective(), batches);
            }
        }

        model.eval();
        using var others = near.OfClasses(order[config.PretrainingClasses..]);
        return new(model, Stream(others, "near"), Stream(far, "far"));

        ClassStream Stream(LabeledImages images, string name)
        {
            var (train, test) = images.Divide(config.TrainingImages, config.TestImages, seed.For(name));
            using (train)
            using (test)
            {
                return ClassStream.Of(train, test, config.Stream, seed.For($"{name} stream"));
            }
        }
    }

    public void Dispose()
    {
        Pretrained.Dispose();
        Near.Dispose();
        Far.Dispose();
    }
}
