using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Heirloom.Layers;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation.Cpu;

/// <summary>A model's weights as addresses. Matrices stay where the model keeps them, and live as long as this does even where the model goes first.</summary>
internal sealed unsafe class WeightReader : IDisposable
{
    private readonly Dictionary<string, Tensor> _state;
    private readonly List<Tensor> _held = [];

    public WeightReader(IModel model) => _state = model.Module.state_dict();

    /// <summary>The layer of a name, with its bias where it has one.</summary>
    public WeightMatrix Matrix(string name)
    {
        var weight = Held(_state[$"{name}.weight"], null);
        return new()
        {
            Data = Address(weight),
            IsBFloat16 = weight.dtype == ScalarType.BFloat16,
            Outputs = (int)weight.shape[0],
            Inputs = (int)weight.shape[1],
            Bias = Vector($"{name}.bias"),
        };
    }

    public WeightMatrix? MatrixOrNull(string name) => _state.ContainsKey($"{name}.weight") ? Matrix(name) : null;

    /// <summary>The norm of a name; null where the model has none there.</summary>
    public NormWeights? Norm(string name, NormConfig config) => Vector($"{name}.weight") is var weight && weight is not null
        ? new() { Weight = weight, Bias = Vector($"{name}.bias"), Epsilon = (float)config.Epsilon, Centers = config is LayerNormConfig }
        : null;

    /// <summary>A tensor's numbers as float32; null where the model has none of that name.</summary>
    public float* Vector(string name) => _state.TryGetValue(name, out var tensor) ? (float*)Address(Held(tensor, ScalarType.Float32)) : null;

    public void Dispose()
    {
        _held.ForEach(t => t.Dispose());
        _held.Clear();
    }

    private Tensor Held(Tensor tensor, ScalarType? type)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        // an alias at least: it keeps the memory when the model is disposed
        var held = (type is { } wanted ? tensor.detach().to(wanted) : tensor.detach()).contiguous().alias().DetachFromDisposeScope();
        _held.Add(held);
        return held;
    }

    /// <summary>Where a contiguous tensor of the CPU begins.</summary>
    internal static void* Address(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        // of the first number alone: a span over all of them could not be longer than 2 GiB
        return Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.view(-1).narrow(0, 0, 1).bytes));
    }
}
