using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training;

/// <summary>A regression by a small network with dropout: everything that a trainer must keep hold of, in milliseconds.</summary>
internal sealed record TinyConfig : ModelConfig
{
    public int Features { get; init; } = 6;

    public int Hidden { get; init; } = 16;

    public double Dropout { get; init; } = 0.1;

    /// <summary>Statistics of the batch and running ones, or else of each row alone.</summary>
    public bool BatchNorm { get; init; } = true;

    public override TinyModel Build(Seed seed)
    {
        seed.Pin();
        return new(this);
    }
}

internal sealed class TinyModel : nn.Module<Tensor, Tensor>, IModel
{
    private readonly nn.Module<Tensor, Tensor> first;
    private readonly nn.Module<Tensor, Tensor> norm;
    private readonly nn.Module<Tensor, Tensor> second;
    private readonly nn.Module<Tensor, Tensor> head;
    private readonly nn.Module<Tensor, Tensor> dropout;

    public TinyModel(TinyConfig config)
        : base(nameof(TinyModel))
    {
        Config = config;
        first = nn.Linear(config.Features, config.Hidden);
        norm = config.BatchNorm ? nn.BatchNorm1d(config.Hidden) : nn.LayerNorm(config.Hidden);
        second = nn.Linear(config.Hidden, config.Hidden);
        head = nn.Linear(config.Hidden, 1);
        dropout = nn.Dropout(config.Dropout);
        RegisterComponents();
    }

    public ModelConfig Config { get; }

    public override Tensor forward(Tensor x) => head.call(dropout.call(nn.functional.relu(second.call(norm.call(nn.functional.relu(first.call(x)))))));
}

/// <summary>Rows of features with a target each.</summary>
internal sealed record TinyBatch(Tensor Features, Tensor Targets) : IBatch<TinyBatch>
{
    public long Count => Features.shape[0];

    public IEnumerable<Tensor> Tensors => [Features, Targets];

    public TinyBatch To(Device device) => new(Features.to(device), Targets.to(device));

    public TinyBatch Rows(long start, long count) => new(Features.narrow(0, start, count), Targets.narrow(0, start, count));
}

/// <summary>Targets are a fixed function of random features.</summary>
internal sealed class TinyBatches(Seed seed, int rows = 8, int features = 6) : IBatches<TinyBatch>
{
    public string Fingerprint => $"tiny-{seed.Value}-{rows}";

    public long? StepsPerEpoch => null;

    public Func<long, Tensor, Tensor>? Change { get; init; }

    public Func<long, Tensor, Tensor>? ChangeTargets { get; init; }

    /// <summary>Gives the batches instead.</summary>
    public Func<long, TinyBatch>? Rows { get; init; }

    public TinyBatch At(long step)
    {
        if (Rows is not null)
        {
            return Rows(step);
        }

        using var generator = seed.For("batch", step).Generator();
        var x = randn([rows, features], generator: generator);
        var y = x.sum(1, keepdim: true).sin() + (0.5 * x[TensorIndex.Colon, ..1]);
        return new(Change?.Invoke(step, x) ?? x, ChangeTargets?.Invoke(step, y) ?? y);
    }
}

internal static class Tiny
{
    public static Objective<TinyModel, TinyBatch> SquaredError { get; } = (model, batch, _) =>
    {
        var loss = nn.functional.mse_loss(model.call(batch.Features), batch.Targets);
        return new(loss, ("squared_error", loss));
    };

    /// <summary>All parameters and buffers, as bytes to compare.</summary>
    public static IReadOnlyDictionary<string, byte[]> Bits(nn.Module module) =>
        module.state_dict().ToDictionary(p => p.Key, p => p.Value.detach().cpu().contiguous().bytes.ToArray());

    public static void AssertSameBits(IReadOnlyDictionary<string, byte[]> expected, nn.Module actual)
    {
        foreach (var (name, bytes) in Bits(actual))
        {
            Assert.True(expected[name].AsSpan().SequenceEqual(bytes), $"{name} differs");
        }
    }
}
