using System.Collections.Immutable;
using Heirloom.Models;
using Heirloom.Models.Text;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>Low-rank changes beside linear layers and embeddings of a frozen model.</summary>
/// <remarks>
/// A matrix that the hub keeps fused has one pair of factors, of which each of our layers uses its own outputs. Dropout draws for each of them.
/// </remarks>
public sealed class LoraAdapter : Adapter
{
    private readonly LoraConfig _config;

    [ComponentName(Name = "sites")]
    private readonly ModuleList<LoraSite> _sites;

    internal LoraAdapter(LoraConfig config, IModel model, Seed seed) : this(config, model, seed, HubModules.Of(model))
    {
    }

    private LoraAdapter(LoraConfig config, IModel model, Seed seed, HubModules modules) : this(config, model, seed, modules, config.Choice(model).Of(modules, AdapterTasks.ClassifiesSequences(model)))
    {
    }

    private LoraAdapter(LoraConfig config, IModel model, Seed seed, HubModules modules, ImmutableArray<HubModule> targets)
        : base(nameof(LoraAdapter), config, modules, new WholeModules(modules, WholeModules.Named(modules, config.Choice(model), Biases(config, targets)), model.Module.state_dict()))
    {
        _config = config;
        _sites = new([.. targets.Select(t => new LoraSite(t, config, seed.For(t.Name)))]);
        RegisterComponents();
        this.to(model.Module.parameters().First().device);
    }

    protected override void SetHooks(nn.Module model)
    {
        foreach (var site in _sites)
        {
            foreach (var piece in site.Module.Pieces)
            {
                switch (piece.Module)
                {
                    case VocabularyHead head:
                        OnDetach(head.register_forward_hook((_, x, _, y) => site.Apply(piece, x, y)).remove);
                        break;
                    case nn.Module<Tensor, Tensor> layer:
                        HookOutput(layer, (x, y) => site.Apply(piece, x, y));
                        break;
                    default:
                        throw new NotSupportedException(piece.Module.GetType().Name);
                }
            }
        }
    }

    protected override void CheckMerge()
    {
        foreach (var site in _sites)
        {
            if (Modules.Ties.FirstOrDefault(c => c.Value == $"{site.Module.Name}.weight").Key is { } copy)
            {
                throw new UserError($"shares its weights with {copy}, which the adapter leaves alone, so it cannot be merged", site.Module.Name, "untie the model first, or keep the adapter beside it");
            }

            if (_config.FactorBias && site.Module.Pieces.Any(p => p.Bias is null))
            {
                throw new UserError("has no bias into which the adapter's could go, so it cannot be merged", site.Module.Name, "keep the adapter beside the model");
            }
        }
    }

    protected override IEnumerable<KeyValuePair<string, Tensor>> MergedWeights(IReadOnlyDictionary<string, Tensor> state) =>
        from site in _sites
        from piece in site.Module.Pieces
        from weight in site.Merged(piece)
        select KeyValuePair.Create($"{piece.Name}.{weight.Key}", weight.Value);

    protected override IEnumerable<KeyValuePair<string, Tensor>> OwnTensors() => _sites.SelectMany(s => s.Tensors());

    protected override bool Adapts(string module) => _sites.Any(s => s.Module.Name == module);

    protected override string? LoadOwn(string name, Tensor value)
    {
        var dot = name.LastIndexOf(".lora_", StringComparison.Ordinal);
        if (dot < 0 || Modules.Find(name[..dot]) is not { } module || _sites.FirstOrDefault(s => s.Module.Name == module.Name) is not { } site)
        {
            return null;
        }

        var own = $"{module.Name}{name[dot..]}";
        if (site.Tensors().FirstOrDefault(t => t.Key == own).Value is not { } target)
        {
            return null;
        }

        Copy(name, target, value);
        return own;
    }

    private static Func<string, bool> Biases(LoraConfig config, ImmutableArray<HubModule> targets) => config.Bias switch
    {
        AdapterBias.All => _ => true,
        AdapterBias.Adapted => module => targets.Any(t => t.Name == module),
        _ => _ => false,
    };
}
