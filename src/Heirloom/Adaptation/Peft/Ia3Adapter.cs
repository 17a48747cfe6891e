using System.Collections.Immutable;
using Heirloom.Layers;
using Heirloom.Models;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>Factors on what linear layers of a frozen model give or read.</summary>
public sealed class Ia3Adapter : Adapter
{
    private readonly Ia3Config _config;
    private readonly ImmutableArray<HubModule> _targets;

    [ComponentName(Name = "factors")]
    private readonly ParameterList _factors;

    internal Ia3Adapter(Ia3Config config, IModel model) : this(config, model, HubModules.Of(model))
    {
    }

    private Ia3Adapter(Ia3Config config, IModel model, HubModules modules)
        : base(nameof(Ia3Adapter), config, modules, new WholeModules(modules, WholeModules.Named(modules, config.Choice(model), _ => false), model.Module.state_dict()))
    {
        _config = config;
        _targets = config.Choice(model).Of(modules, AdapterTasks.ClassifiesSequences(model));
        if (_targets.FirstOrDefault(t => t.Kind != HubModuleKind.Linear || t.Pieces.Any(p => p.Module is not nn.Module<Tensor, Tensor>)) is { } other)
        {
            throw new UserError("is no linear layer, and only those have factors", other.Name, "leave it out of target_modules");
        }

        _factors = new([.. _targets.Select(t => ModuleWeight.Of(_config.IsFeedforward(t.Name) ? ones(1, t.Inputs) : ones(t.Outputs, 1)))]);
        RegisterComponents();
        this.to(model.Module.parameters().First().device);
    }

    protected override void SetHooks(nn.Module model)
    {
        foreach (var (target, factor) in _targets.Zip(_factors))
        {
            foreach (var piece in target.Pieces)
            {
                var layer = (nn.Module<Tensor, Tensor>)piece.Module;
                if (_config.IsFeedforward(target.Name))
                {
                    OnDetach(layer.register_forward_pre_hook((_, x) => Multiplied(x, factor)).remove);
                }
                else
                {
                    HookOutput(layer, (_, y) => Multiplied(y, piece.Rows.Take(factor)));
                }
            }
        }
    }

    protected override IEnumerable<KeyValuePair<string, Tensor>> MergedWeights(IReadOnlyDictionary<string, Tensor> state)
    {
        foreach (var (target, factor) in _targets.Zip(_factors))
        {
            foreach (var piece in target.Pieces)
            {
                var reads = _config.IsFeedforward(target.Name);
                var own = reads ? factor.detach() : piece.Rows.Take(factor.detach());
                yield return new($"{piece.Name}.weight", Wide(piece.Weight).mul(own));
                if (!reads && piece.Bias is { } bias)
                {
                    yield return new($"{piece.Name}.bias", Wide(bias).mul(own.flatten()));
                }
            }
        }
    }

    protected override IEnumerable<KeyValuePair<string, Tensor>> OwnTensors() => _targets.Zip(_factors, (t, f) => KeyValuePair.Create($"{t.Name}.ia3_l", (Tensor)f));

    protected override bool Adapts(string module) => _targets.Any(t => t.Name == module);

    protected override string? LoadOwn(string name, Tensor value)
    {
        const string ending = ".ia3_l";
        if (!name.EndsWith(ending, StringComparison.Ordinal) || Modules.Find(name[..^ending.Length]) is not { } module || _targets.IndexOf(module) is not (>= 0 and var index))
        {
            return null;
        }

        Copy(name, _factors[index], value);
        return module.Name + ending;
    }

    private static Tensor Multiplied(Tensor values, Tensor factor)
    {
        using var scope = NewDisposeScope();
        return values.mul(factor.flatten()).to(values.dtype).MoveToOuterDisposeScope();
    }
}
