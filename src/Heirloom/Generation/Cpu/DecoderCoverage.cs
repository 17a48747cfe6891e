using System.Collections.Concurrent;
using System.Reflection;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Generation.Cpu;

/// <summary>Which models the kernels decode.</summary>
internal static class DecoderCoverage
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, FieldInfo[]> s_hooks = new();

    /// <summary>What the kernels lack for a model; null where they decode it.</summary>
    public static string? Gap(ICausalLM model)
    {
        if (model is not Decoder decoder)
        {
            return $"a {model.GetType().Name} is no {nameof(Decoder)}";
        }

        var config = (DecoderConfig)decoder.Config;
        var tensors = decoder.parameters().ToList();
        return !config.Head ? "it has no vocabulary head"
            : tensors.Find(p => p.device_type != DeviceType.CPU) is { } elsewhere ? $"its weights are on {elsewhere.device}"
            : tensors.Find(p => p.dtype is not (ScalarType.Float32 or ScalarType.BFloat16)) is { } other ? $"its weights are {other.dtype}"
            : config.Positions is not (NoPositionsConfig or LearnedPositionsConfig or RotaryPositionsConfig or AlibiPositionsConfig or RelativePositionsConfig)
                ? $"it has positions of the kind {config.Positions.GetType().Name}"
            : config.Block.Norm is not (RmsNormConfig or LayerNormConfig) ? $"it has norms of the kind {config.Block.Norm.GetType().Name}"
            : decoder.Virtual is not null || decoder.modules().Any(m => m is Attention { Prefix: not null }) ? "it reads a prefix before every text"
            : !decoder.Order.SequenceEqual(Enumerable.Range(0, config.Layers)) ? "its layers run in another order than they stand in"
            : decoder.modules().FirstOrDefault(IsHooked) is { } hooked ? $"an adapter or a hook acts in a {hooked.GetName()}"
            : null;
    }

    /// <summary>Whether anything changes what a module reads or gives.</summary>
    private static bool IsHooked(nn.Module module) =>
        s_hooks.GetOrAdd(module.GetType(), Hooks).Any(f => f.GetValue(module) is System.Collections.ICollection { Count: > 0 });

    /// <summary>Where the tensor library keeps a module's hooks, which it shows to nobody.</summary>
    private static FieldInfo[] Hooks(Type type)
    {
        var found = new List<FieldInfo>();
        for (var t = type; t is not null && t != typeof(object); t = t.BaseType)
        {
            found.AddRange(t.GetFields(Own).Where(f => f.Name is "pre_hooks" or "post_hooks" or "module_pre_hooks" or "module_post_hooks"));
        }

        return [.. found];
    }
}
