using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>Switches gradients of a module's parameters off and on.</summary>
public static class Freezing
{
    /// <summary>No parameter asks for a gradient any more.</summary>
    public static T Freeze<T>(this T module) where T : nn.Module
    {
        Set(module, _ => true, trains: false);
        return module;
    }

    /// <summary>The parameters whose names <paramref name="include"/> accepts ask for gradients again.</summary>
    public static T Unfreeze<T>(this T module, Func<string, bool>? include = null) where T : nn.Module
    {
        Set(module, include ?? (_ => true), trains: true);
        return module;
    }

    private static void Set(nn.Module module, Func<string, bool> include, bool trains)
    {
        foreach (var (_, parameter) in module.named_parameters().Where(p => include(p.name)))
        {
            parameter.requires_grad = trains;
        }
    }
}
