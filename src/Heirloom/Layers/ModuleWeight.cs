using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Weights that belong to their module.</summary>
public static class ModuleWeight
{
    /// <summary>A parameter that a dispose scope around the building of its model (a hook's, a step's) does not take away.</summary>
    public static Parameter Of(Tensor start)
    {
        var weight = new Parameter(start);
        weight.DetachFromDisposeScope();
        return weight;
    }

    /// <summary>The same for a module of the tensor library, which makes its weights itself.</summary>
    public static TModule Kept<TModule>(TModule module)
        where TModule : nn.Module
    {
        foreach (var weight in module.parameters())
        {
            weight.DetachFromDisposeScope();
        }

        return module;
    }
}
