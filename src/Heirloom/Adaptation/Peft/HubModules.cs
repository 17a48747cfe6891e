using Heirloom.Checkpoints.Hub;
using Heirloom.Models;

namespace Heirloom.Adaptation.Peft;

/// <summary>A model of ours under the names that the hub's files, and so adapters made elsewhere, give its modules.</summary>
public sealed class HubModules
{
    private readonly Dictionary<string, HubModule> _byName;

    private HubModules(IModel model, KeyMap map, IEnumerable<KeyRule> rules)
    {
        var modules = model.Module.named_modules().ToDictionary(m => m.name, m => m.module);
        Prefix = map.Prefix;
        Rules = [.. rules];
        _byName = Rules.Select(rule => HubModule.Of(rule, modules)).OfType<HubModule>().ToDictionary(m => m.Name);

        // a classifier's encoder may still hold the vocabulary's head, which it never asks
        Ties = model is ILanguageModel or ISequenceToSequenceLM ? map.Copies : new Dictionary<string, string>();
    }

    /// <summary>Reads the names off the layout in which the model would be saved; our own names where no other tool knows the model.</summary>
    public static HubModules Of(IModel model)
    {
        if (HubFolder.LayoutOf(model.Config) is HeirloomLayout && Inner(model) is { } inner)
        {
            return inner;
        }

        var map = HubFolder.LayoutOf(model.Config).Maps(model.Config, new(() => [.. model.Module.state_dict().Select(p => new OurTensor(p.Key, [.. p.Value.shape]))]))[0];
        return new(model, map, map.Rules.Where(r => r.WhenAbsent != Absence.Fresh)); // what files of the task lack, adapters know nothing of
    }

    /// <summary>A head of our own over a family that others know: the family's names for what it stands on, ours for the rest.</summary>
    private static HubModules? Inner(IModel model)
    {
        var state = model.Module.state_dict().Select(p => new OurTensor(p.Key, [.. p.Value.shape])).ToList();
        foreach (var property in model.Config.GetType().GetProperties().Where(p => p.PropertyType == typeof(ModelConfig)))
        {
            var prefix = Settings.SnakeCase(property.Name) + ".";
            if (property.GetValue(model.Config) is not ModelConfig config || HubFolder.LayoutOf(config) is not (not HeirloomLayout and var layout) || !state.Any(t => t.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                continue;
            }

            var map = layout.Maps(config, new(() => [.. state.Where(t => t.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(t => t with { Name = t.Name[prefix.Length..] })]))[0];
            var rules = map.Rules.Where(r => r.WhenAbsent != Absence.Fresh && !r.Ours.Any(o => o.Name.StartsWith("head", StringComparison.Ordinal)))
                .Select(r => r with { Ours = [.. r.Ours.Select(o => o with { Name = prefix + o.Name })] }).ToList();
            return new(model, map, rules.Concat(state.Where(t => !t.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(t => new KeyRule(t.Name, [t], Renamed.Instance))));
        }

        return null;
    }

    /// <summary>All that have a weight, in the order of the layout.</summary>
    public IReadOnlyCollection<HubModule> All => _byName.Values;

    /// <summary>What a full model's names start with and a bare one's lack.</summary>
    internal string Prefix { get; }

    internal IReadOnlyList<KeyRule> Rules { get; }

    /// <summary>Tensors that repeat another which is used for something else.</summary>
    internal IReadOnlyDictionary<string, string> Ties { get; }

    /// <summary>The module of a name, with or without the prefix of a full model; null where there is none.</summary>
    public HubModule? Find(string name) => Variants(name).Select(v => _byName.GetValueOrDefault(v)).FirstOrDefault(m => m is not null);

    /// <summary>The rule of a tensor, with or without the prefix of a full model; null where there is none.</summary>
    internal KeyRule? FindTensor(string name) => Variants(name).Select(v => Rules.FirstOrDefault(r => r.Hub == v)).FirstOrDefault(r => r is not null);

    /// <summary>The tensor that this name repeats where two are tied; null where it repeats none.</summary>
    internal string? TiedTo(string name) => Variants(name).Select(v => Ties.GetValueOrDefault(v)).FirstOrDefault(c => c is not null);

    /// <summary>The name, and what it is called in a bare model or a full one.</summary>
    private IEnumerable<string> Variants(string name)
    {
        yield return name;
        if (Prefix.Length > 0)
        {
            yield return Prefix + name;
            if (name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                yield return name[Prefix.Length..];
            }
        }
    }
}
