using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>Anything trainable. A model is a sealed <see cref="nn.Module"/> with capabilities, which are small interfaces that extend this one.</summary>
public interface IModel
{
    nn.Module Module => (nn.Module)this;

    /// <summary>What it was built from; <see cref="ModelConfig.Build"/> on it gives the same architecture.</summary>
    ModelConfig Config { get; }
}

/// <summary>An architecture with its sizes. Its record is what <c>config.json</c> and a recipe hold.</summary>
public abstract record ModelConfig : Kinded
{
    /// <summary>
    /// The published family (a hub's <c>model_type</c>) in whose format it is saved, where several families' formats can hold it; null for the first that can.
    /// It changes nothing that the model computes.
    /// </summary>
    public string? HubFamily { get; init; }

    /// <summary>Builds it with freshly initialized weights.</summary>
    public abstract IModel Build(Seed seed);
}
