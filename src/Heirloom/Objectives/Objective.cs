using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>A scalar to minimize, with named parts for the log.</summary>
public readonly record struct Loss(Tensor Total, params (string Name, Tensor Value)[] Parts)
{
    /// <summary>How many terms <see cref="Total"/> is a mean over (targets that count), a scalar; weighs micro-batches against each other. Null where it is the examples.</summary>
    public Tensor? Terms { get; init; }
}

/// <summary>A pure function: no state, no optimizer, no logging; all randomness comes from <paramref name="seed"/>.</summary>
public delegate Loss Objective<in TModel, in TBatch>(TModel model, TBatch batch, Seed seed);
