using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>Applies update rules to parameters. All it remembers is in named tensors, so that saving and loading is exact for every rule.</summary>
/// <remarks>
/// Parameters narrower than float32 are updated through a float32 master copy (Micikevicius et al. 2018), since a small step vanishes in bfloat16.
/// A parameter without a gradient keeps its value, its state and its count. Owns its state outside any dispose scope.
/// </remarks>
public sealed class Optimizer : IDisposable
{
    private const string UpdatesName = "updates", MasterName = "master";
    private readonly List<Slot> _slots;

    public Optimizer(IReadOnlyList<NamedParameter> parameters, Func<NamedParameter, UpdateRule> ruleFor)
    {
        using var _ = no_grad();
        _slots = [.. parameters.Select(parameter =>
        {
            using var scope = NewDisposeScope();
            var master = IsNarrow(parameter.Value.dtype) ? parameter.Value.detach().to(float32).DetachFromDisposeScope() : null;
            var weights = master ?? parameter.Value.detach().DetachFromDisposeScope();
            var rule = ruleFor(parameter);
            var state = rule.NewState(weights).ToDictionary(s => s.Name, s => s.Value.DetachFromDisposeScope());
            return new Slot(parameter, weights, master, rule, state);
        })];
        Parameters = parameters;
    }

    public IReadOnlyList<NamedParameter> Parameters { get; }

    /// <summary>Everything that must be saved to go on exactly, as <c>parameter/state</c>; the tensors are the optimizer's own, except the counts, which the caller's dispose scope owns.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State()
    {
        foreach (var slot in _slots)
        {
            yield return new($"{slot.Parameter.Name}/{UpdatesName}", tensor(slot.Updates, dtype: int64));
            foreach (var (name, value) in Held(slot))
            {
                yield return new($"{slot.Parameter.Name}/{name}", value);
            }
        }
    }

    /// <summary>Takes over what <see cref="State"/> gave.</summary>
    /// <exception cref="UserError">A tensor is missing or has another shape.</exception>
    public void Load(Func<string, Tensor> read)
    {
        using var _ = no_grad();
        foreach (var slot in _slots)
        {
            using var scope = NewDisposeScope();
            slot.Updates = read($"{slot.Parameter.Name}/{UpdatesName}").item<long>();
            foreach (var (name, value) in Held(slot))
            {
                var saved = read($"{slot.Parameter.Name}/{name}");
                if (!saved.shape.SequenceEqual(value.shape))
                {
                    throw new UserError($"optimizer state has shape [{string.Join(", ", saved.shape)}] where [{string.Join(", ", value.shape)}] is due", $"{slot.Parameter.Name}/{name}");
                }

                value.copy_(saved);
            }
        }
    }

    /// <summary>Forgets the gradients of its parameters.</summary>
    public void ZeroGradients()
    {
        foreach (var slot in _slots)
        {
            slot.Parameter.Value.grad = null;
        }
    }

    /// <summary>Updates all parameters that have a gradient.</summary>
    /// <param name="factor">The schedule's multiple of the learning rate.</param>
    /// <param name="gradientScale">Multiplies the gradients (clipping, averaging).</param>
    public void Step(double factor, double gradientScale = 1)
    {
        using var _ = no_grad();
        foreach (var slot in _slots)
        {
            using var scope = NewDisposeScope();
            if (slot.Parameter.Value.grad is not { } gradient)
            {
                continue;
            }

            slot.Rule.Apply(
                slot.Weights,
                gradient.dtype == slot.Weights.dtype ? gradient : gradient.to(slot.Weights.dtype),
                slot.State,
                new(++slot.Updates, factor * slot.Parameter.Scale, gradientScale));
            if (slot.Master is not null)
            {
                slot.Parameter.Value.copy_(slot.Master);
            }
        }
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.Weights.Dispose();
            foreach (var value in slot.State.Values)
            {
                value.Dispose();
            }
        }
    }

    private static bool IsNarrow(ScalarType type) => type is ScalarType.BFloat16 or ScalarType.Float16;

    private static IEnumerable<(string Name, Tensor Value)> Held(Slot slot) =>
        slot.State.Select(s => (s.Key, s.Value)).Concat(slot.Master is null ? [] : [(MasterName, slot.Master)]);

    private sealed record Slot(NamedParameter Parameter, Tensor Weights, Tensor? Master, UpdateRule Rule, IReadOnlyDictionary<string, Tensor> State)
    {
        public long Updates { get; set; }
    }
}
