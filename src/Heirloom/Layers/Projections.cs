using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Makes linear and embedding layers with zero weights: an <see cref="InitializationConfig"/> then fills them, each from its own seed.</summary>
/// <remarks>The library's own linear layers would fill them twice and draw from the global generator.</remarks>
public static class Projections
{
    /// <summary>Weights <c>[outputs, inputs]</c>, optionally a bias <c>[outputs]</c>.</summary>
    public static Linear Linear(long inputs, long outputs, bool bias)
    {
        using var scope = NewDisposeScope();
        return nn.Linear(ModuleWeight.Of(zeros(outputs, inputs)), bias ? ModuleWeight.Of(zeros(outputs)) : null!);
    }

    /// <summary>Weights <c>[rows, width]</c>.</summary>
    public static Embedding Embedding(long rows, long width)
    {
        // (the library's "from pretrained" would register no parameter)
        using var frozen = no_grad();
        var embedding = ModuleWeight.Kept(nn.Embedding(rows, width));
        embedding.weight!.zero_();
        return embedding;
    }
}
