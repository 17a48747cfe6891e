using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Models;
using Heirloom.Objectives;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;
using static TorchSharp.torch;

namespace Heirloom.Continual;

/// <summary>How long and with what a learner trains on each task.</summary>
public sealed record TaskTrainingConfig
{
    /// <summary>Passes over a task's training images.</summary>
    [Range(1, 100_000)]
    public int Epochs { get; init; } = 20;

    /// <summary>Images a batch.</summary>
    [Range(1, 1 << 20)]
    public int BatchSize { get; init; } = 48;

    public OptimizerConfig Optimizer { get; init; } = new SgdConfig { LearningRate = 0.01, Decay = 5e-4, DecayOn = WeightDecay.All };

    public ScheduleConfig Schedule { get; init; } = new CosineConfig { WarmUp = 0, Final = 0 };

    /// <summary>Largest norm of the gradient; null for no bound.</summary>
    [Range(1e-12, 1e12)]
    public double? ClipNorm { get; init; }

    /// <summary>The same with the optimizer's learning rate multiplied.</summary>
    public TaskTrainingConfig WithRate(double factor) => this with { Optimizer = Optimizer with { LearningRate = Optimizer.LearningRate * factor } };
}

/// <summary>What learners share: training on one task, and mapping images in pieces without gradients.</summary>
internal static class TaskTraining
{
    /// <summary>Trains whatever of the modules asks for gradients.</summary>
    /// <param name="config">How long and with what.</param>
    /// <param name="model">The model that the loss runs through.</param>
    /// <param name="parts">The modules that are trained, by name.</param>
    /// <param name="images">The task's.</param>
    /// <param name="loss">Of a batch.</param>
    /// <param name="seed">Order of images and all else.</param>
    /// <param name="work">Device, progress, stop.</param>
    public static void Fit(
        TaskTrainingConfig config, IModel model, IReadOnlyList<(string Name, nn.Module Module)> parts, LabeledImages images, Func<ImageBatch, Loss> loss, Seed seed, WorkContext work)
    {
        var batches = new ImageBatches(images.Images, images.Labels, new() { BatchSize = (int)Math.Min(config.BatchSize, images.Count) }, seed.For("batches"));
        var phase = new Phase
        {
            Name = "task",
            Parameters = [.. parts.SelectMany(p => NamedParameter.Of(p.Module).Select(n => n with { Name = $"{p.Name}.{n.Name}" }))],
            Optimizer = config.Optimizer,
            Schedule = config.Schedule,
            ClipNorm = config.ClipNorm,
            Forward = (part, _) =>
            {
                if (!parts.Any(p => ReferenceEquals(p.Module, model.Module)))
                {
                    model.Module.eval(); // a frozen model drops nothing out
                }

                return part.Of(batches)?.To(work.Device) is { } batch ? new(loss(batch), batch.Count, batch.Count) : null;
            },
        };
        var steps = config.Epochs * (batches.StepsPerEpoch ?? 1);
        foreach (var (_, module) in parts)
        {
            module.train();
        }

        new TrainingLoop(new() { Steps = steps }, seed, work with { Progress = SilentProgress.Instance }).Run(model, [phase], batches.Fingerprint);
        foreach (var (_, module) in parts.Append(("model", model.Module)))
        {
            module.eval();
        }
    }

    /// <summary>Applies a function to images a piece at a time and joins the results on the CPU.</summary>
    public static Tensor Map(Tensor images, Device device, Func<Tensor, Tensor> function, int piece = 256)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var results = new List<Tensor>();
        for (var start = 0L; start < images.shape[0]; start += piece)
        {
            using var inner = NewDisposeScope();
            results.Add(function(images.narrow(0, start, Math.Min(piece, images.shape[0] - start)).to(device)).cpu().MoveToOuterDisposeScope());
        }

        return cat(results).MoveToOuterDisposeScope();
    }
}
