using Heirloom.Core.Ranks;
using Heirloom.Training;
using Heirloom.Training.Hooks;
using Heirloom.Training.Precision;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training.Ranks;

/// <summary>The tiny regression, trained by some ranks.</summary>
internal static class RankTraining
{
    /// <summary>No dropout, since threads share libtorch's generator, and no statistics of a batch, which are no sum over its parts.</summary>
    public static readonly TinyConfig Shape = new() { Dropout = 0, BatchNorm = false };

    public static readonly TrainingConfig Config = new() { Steps = 8, Accumulate = 4, LogEvery = 1, Precision = PrecisionMode.Float32, ClipNorm = 0.5 };

    /// <summary>Each rank's final weights and result.</summary>
    public static IReadOnlyList<(float[] Weights, TrainingResult Result)> Train(
        int ranks, TrainingConfig config, string? folder = null, long? stopAt = null, TinyBatches? batches = null, Func<IRanks, IHook>? hook = null) =>
        ranks == 1 ? [Train(SingleRank.Instance, config, folder, stopAt, batches, hook)] : Train(ranks, (r, model) => Train(r, model, config, folder, stopAt, batches, hook));

    public static (float[] Weights, TrainingResult Result) Train(
        IRanks ranks, TrainingConfig config, string? folder, long? stopAt, TinyBatches? batches = null, Func<IRanks, IHook>? hook = null) =>
        Train(ranks, Start(ranks.Leads), config, folder, stopAt, batches, hook);

    /// <summary>Others begin with other weights, and get the leader's.</summary>
    private static TinyModel Start(bool leads) => Shape.Build(new(leads ? 1ul : 2ul));

    /// <summary>Models are built one after the other, since threads share the generator that draws their weights.</summary>
    private static IReadOnlyList<T> Train<T>(int ranks, Func<IRanks, TinyModel, T> train)
    {
        TinyModel[] models = [.. Enumerable.Range(0, ranks).Select(r => Start(leads: r == 0))];
        return ThreadRanks.Run(ranks, r => train(r, models[r.Rank]));
    }

    private static (float[] Weights, TrainingResult Result) Train(
        IRanks ranks, TinyModel built, TrainingConfig config, string? folder, long? stopAt, TinyBatches? batches, Func<IRanks, IHook>? hook)
    {
        using var scope = NewDisposeScope();
        using var model = built;
        using var run = folder is null ? null : new TrainingRun(folder, ranks) { StopAt = stopAt };
        var result = new Trainer(config, new(7), new() { Ranks = ranks }).Fit(
            model, Tiny.SquaredError, batches ?? new TinyBatches(new(3)), run, hook is null ? [] : [hook(ranks)]);
        return ([.. model.parameters().SelectMany(p => p.data<float>().ToArray())], result);
    }

    public static void AssertClose(float[] expected, float[] actual, double tolerance = 2e-5) =>
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, tolerance));
}
