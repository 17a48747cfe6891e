using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using static TorchSharp.torch;

namespace Heirloom.Worlds.Regression;

/// <summary>
/// Linear regression in context (Raventós, Paul, Chen and Ganguli 2023, "Pretraining task diversity and the emergence of non-Bayesian in-context learning
/// for regression", section 2): w ~ N(0, I), x ~ N(0, I), y = w·x + ε. The defaults are the paper's.
/// </summary>
public sealed record LinearTasksConfig : IExample<LinearTasksConfig>
{
    public static LinearTasksConfig Example => new() { Dimensions = 2, Points = 4, Tasks = 3, BatchSize = 2 };

    /// <summary>D.</summary>
    [Range(1, 4096)]
    public int Dimensions { get; init; } = 8;

    /// <summary>Pairs a sequence, K.</summary>
    [Range(1, 1 << 16)]
    public int Points { get; init; } = 16;

    /// <summary>Standard deviation of ε, σ (the paper's σ² is 0.25).</summary>
    [Range(1e-6, 1e6)]
    public double Noise { get; init; } = 0.5;

    /// <summary>Tasks in the pool, M, the task diversity; null draws a fresh task for every sequence.</summary>
    [Range(1, 1 << 24)]
    public int? Tasks { get; init; }

    /// <summary>Sequences a batch, B.</summary>
    [Range(1, 1 << 20)]
    public int BatchSize { get; init; } = 256;
}

/// <summary>Batches of sequences, each of one task; pools of one seed are nested: the first M tasks of a larger pool are the smaller one.</summary>
public sealed class LinearTasks : IBatches<RegressionBatch>, IDisposable
{
    private readonly LinearTasksConfig _config;
    private readonly Seed _seed;

    /// <param name="config">Sizes and noise.</param>
    /// <param name="poolSeed">Decides the pool.</param>
    /// <param name="seed">Decides the sequences.</param>
    public LinearTasks(LinearTasksConfig config, Seed poolSeed, Seed seed)
    {
        (_config, _seed) = (config, seed);
        if (config.Tasks is { } tasks)
        {
            var random = poolSeed.For("pool").Random();
            var weights = new float[(long)tasks * config.Dimensions];
            for (var i = 0L; i < weights.LongLength; i++)
            {
                weights[i] = (float)random.NextGaussian();
            }

            Pool = tensor(weights, [tasks, config.Dimensions], dtype: ScalarType.Float32).DetachFromDisposeScope();
        }

        Fingerprint = Hashes.OfText($"linear tasks {config} {(config.Tasks is null ? 0 : poolSeed.Value)} {seed.Value}");
    }

    /// <summary><c>[M, D]</c> float32, or null for fresh tasks.</summary>
    public Tensor? Pool { get; }

    public string Fingerprint { get; }

    public long? StepsPerEpoch => null;

    public RegressionBatch At(long step)
    {
        using var scope = NewDisposeScope();
        using var generator = _seed.For("step", step).Generator();
        var (size, points, dimensions) = (_config.BatchSize, _config.Points, _config.Dimensions);
        var w_BD = Pool?.index_select(0, randint(0, _config.Tasks!.Value, [size], dtype: ScalarType.Int64, generator: generator))
            ?? randn([size, dimensions], dtype: ScalarType.Float32, generator: generator);
        var x_BKD = randn([size, points, dimensions], dtype: ScalarType.Float32, generator: generator);
        var noise_BK = randn([size, points], dtype: ScalarType.Float32, generator: generator) * _config.Noise;
        var y_BK = matmul(x_BKD, w_BD.unsqueeze(2)).squeeze(2) + noise_BK;
        return new(x_BKD.MoveToOuterDisposeScope(), y_BK.MoveToOuterDisposeScope());
    }

    public void Dispose() => Pool?.Dispose();
}
