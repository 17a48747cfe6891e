using Heirloom.Checkpoints.Hub;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>Weights of the model itself that belong to an adapter: modules that it trains whole, biases. They stand in the model while it is attached.</summary>
internal sealed class WholeModules : IDisposable
{
    private readonly Dictionary<string, Part> _parts = [];
    private readonly HubModules _modules;

    /// <param name="modules">The model.</param>
    /// <param name="tensors">Hub names of the tensors that are trained.</param>
    /// <param name="state">The model's tensors, with which the adapter's copies start.</param>
    public WholeModules(HubModules modules, IEnumerable<string> tensors, IReadOnlyDictionary<string, Tensor> state)
    {
        _modules = modules;
        foreach (var hub in tensors)
        {
            Add(modules.FindTensor(hub)!, state, trains: true);
        }

        State = state;
    }

    private IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>Our names and the adapter's values for them.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Stored => _parts.Values.SelectMany(p => p.Rule.Ours.Zip(p.Values, (o, v) => KeyValuePair.Create(o.Name, v)));

    /// <summary>Hub names of those that a file of the adapter must hold: all but biases, which older files leave out.</summary>
    public IEnumerable<string> Required => _parts.Values.Where(p => p.Trains && !p.Rule.Hub.EndsWith(".bias", StringComparison.Ordinal)).Select(p => p.Rule.Hub);

    /// <summary>The tensors of whole modules, and of biases, that a list of modules and a rule for biases mean.</summary>
    /// <exception cref="UserError">A module stands for weights that another shares.</exception>
    public static IEnumerable<string> Named(HubModules modules, ModuleChoice choice, Func<string, bool> bias)
    {
        if (modules.Ties.FirstOrDefault(c => choice.IsWhole(Module(c.Key)) || choice.IsWhole(Module(c.Value))) is { Key: { } copy, Value: { } original })
        {
            throw new UserError($"'{Module(copy)}' and '{Module(original)}' are one tensor in this model, so neither can be trained whole alone", "modules_to_save", "untie the model first, or leave them out");
        }

        return modules.Rules.Select(r => r.Hub).Where(hub => choice.IsWhole(Module(hub)) || (hub.EndsWith(".bias", StringComparison.Ordinal) && bias(Module(hub))));
    }

    /// <summary>Puts the adapter's values into the model; what is trained asks for gradients.</summary>
    public void Enter(nn.Module model)
    {
        using var frozen = no_grad();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var part in _parts.Values)
        {
            foreach (var (i, ours) in part.Rule.Ours.Index())
            {
                var parameter = parameters[ours.Name];
                part.Originals[i]?.Dispose();
                part.Originals[i] = parameter.detach().clone().DetachFromDisposeScope();
                parameter.copy_(part.Values[i]);
                part.Live[i] = parameter;
            }
        }

        foreach (var parameter in _parts.Values.Where(p => p.Trains).SelectMany(p => p.Rule.Ours).Select(o => parameters[o.Name]))
        {
            parameter.requires_grad = true;
        }
    }

    /// <summary>Keeps what was trained and gives the model its own values back.</summary>
    public void Leave(nn.Module model)
    {
        using var frozen = no_grad();
        foreach (var part in _parts.Values)
        {
            for (var i = 0; i < part.Values.Length; i++)
            {
                var parameter = part.Live[i]!;
                part.Values[i].copy_(parameter);
                parameter.copy_(part.Originals[i]!);
                parameter.requires_grad = false;
                part.Originals[i]!.Dispose();
                part.Originals[i] = null;
                part.Live[i] = null;
            }
        }
    }

    /// <summary>Under the hub's names, joined as its files have them.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors() => _parts.Values.Select(p =>
    {
        using var frozen = no_grad();
        return KeyValuePair.Create(p.Rule.Hub, p.Rule.Transform.Join([.. p.Values.Select((v, i) => p.Live[i]?.detach() ?? v)]));
    });

    /// <summary>Takes a tensor from a file, whether or not the configuration named it: files may also hold the embeddings that they were trained with.</summary>
    /// <returns>The full name of the tensor; null where the model has none such.</returns>
    public string? Load(string hub, Tensor value)
    {
        var rule = _modules.FindTensor(_modules.TiedTo(hub) ?? hub);
        if (rule is null)
        {
            return null;
        }

        if (!rule.Shape.SequenceEqual(value.shape))
        {
            throw new UserError(
                $"is [{string.Join(", ", value.shape)}] in the file, the model has [{string.Join(", ", rule.Shape)}]", hub,
                rule.Shape.Length == 2 && rule.Shape[1] == value.shape[^1] ? "give the model the same vocabulary or classes first" : "use the base model that it was made for");
        }

        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        if (!_parts.ContainsKey(rule.Hub))
        {
            Add(rule, State, trains: false);
        }

        foreach (var (target, part) in _parts[rule.Hub].Values.Zip(rule.Transform.Split(value, [.. rule.Ours.Select(o => o.Shape)])))
        {
            target.copy_(part);
        }

        return rule.Hub;
    }

    public void Dispose()
    {
        foreach (var tensor in _parts.Values.SelectMany(p => p.Values.Concat(p.Originals)))
        {
            tensor?.Dispose();
        }

        _parts.Clear();
    }

    private void Add(KeyRule rule, IReadOnlyDictionary<string, Tensor> state, bool trains)
    {
        using var frozen = no_grad();
        _parts[rule.Hub] = new(rule, [.. rule.Ours.Select(o => state[o.Name].detach().clone().DetachFromDisposeScope())], trains);
    }

    private static string Module(string tensor) => tensor.LastIndexOf('.') is var dot and > 0 ? tensor[..dot] : tensor;

    private sealed record Part(KeyRule Rule, Tensor[] Values, bool Trains)
    {
        public Tensor?[] Originals { get; } = new Tensor?[Values.Length];

        /// <summary>The model's own parameters while the adapter is attached.</summary>
        public TorchSharp.Modules.Parameter?[] Live { get; } = new TorchSharp.Modules.Parameter?[Values.Length];
    }
}
