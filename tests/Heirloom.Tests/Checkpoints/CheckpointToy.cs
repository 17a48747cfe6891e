using Heirloom.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints;

/// <summary>A model that no other tool knows: two layers and a counter.</summary>
public sealed record CheckpointToyConfig : ModelConfig
{
    public int Width { get; init; } = 4;

    public int Classes { get; init; } = 3;

    public double Rate { get; init; } = 1e-5;

    public override IModel Build(Seed seed) => new CheckpointToy(this, seed);
}

public sealed class CheckpointToy : nn.Module, IClassifier<Tensor>
{
    private readonly CheckpointToyConfig _config;
    private readonly Linear body, classifier;
    private readonly Tensor counter = zeros(2, dtype: int64);

    public CheckpointToy(CheckpointToyConfig config, Seed seed) : base(nameof(CheckpointToy))
    {
        _config = config;
        body = nn.Linear(config.Width, config.Width);
        classifier = nn.Linear(config.Width, config.Classes);
        register_buffer("counter", counter);
        RegisterComponents();
        using var frozen = no_grad();
        foreach (var (name, parameter) in named_parameters())
        {
            using var generator = seed.For(name).Generator();
            parameter.normal_(generator: generator);
        }
    }

    public ModelConfig Config => _config;

    public int Classes => _config.Classes;

    public Tensor Classify(Tensor inputs) => classifier.call(body.call(inputs).relu());
}
