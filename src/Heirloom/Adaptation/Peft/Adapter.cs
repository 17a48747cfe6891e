using System.Text.Json.Nodes;
using Heirloom.Adaptation.Tuning;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>Settings of an adapter that is kept in files of its own, in the PEFT layout, beside a base model that stays as it is.</summary>
public abstract record AdapterConfig : TuningConfig
{
    /// <inheritdoc/>
    /// <exception cref="UserError">The model lacks what the adapter acts on.</exception>
    public abstract override Adapter Build(IModel model, Seed seed);

    /// <summary>The layout's name of the kind (<c>LORA</c>).</summary>
    internal abstract string PeftType { get; }

    /// <summary>Reads the kind's own keys.</summary>
    internal abstract AdapterConfig Read(PeftJson json);

    /// <summary>Writes the kind's own keys, for a model that it was built for.</summary>
    internal abstract void Write(JsonObject json, HubModules modules, IModel model);
}

/// <summary>
/// A few parameters that change what a frozen model computes. Attached, they act in every forward and are the only ones that ask for gradients; detached,
/// the model is what it was, to the bit; merged, they have become part of the model's own weights, where the kind allows it.
/// </summary>
/// <remarks>
/// Merging keeps a copy of every weight that it changes, so that <see cref="Unmerge"/> gives back the same bits. Merge or detach before saving the model:
/// while attached, modules that the adapter trains whole hold the adapter's values.
/// </remarks>
public abstract class Adapter : TuningModule
{
    private readonly List<(nn.Module Model, string Name, Tensor Original)> _replaced = [];

    private protected Adapter(string name, AdapterConfig config, HubModules modules, WholeModules whole) : base(name)
    {
        Config = config;
        Modules = modules;
        Whole = whole;
    }

    /// <summary>An adapter that trains nothing of the model itself.</summary>
    private protected Adapter(string name, AdapterConfig config, HubModules modules, IModel model) : this(name, config, modules, new WholeModules(modules, [], model.Module.state_dict()))
    {
    }

    public AdapterConfig Config { get; }

    /// <summary>Whether its effect is in the model's own weights now.</summary>
    public bool IsMerged { get; private set; }

    /// <summary>The model's modules under the hub's names.</summary>
    protected HubModules Modules { get; }

    /// <summary>What it trains of the model itself.</summary>
    private protected WholeModules Whole { get; }

    /// <summary>Puts its effect into the weights of a model: the model then computes without the adapter what it computed with it attached.</summary>
    /// <exception cref="InvalidOperationException">It is merged already.</exception>
    /// <exception cref="UserError">The kind of adapter, or the tie of two weights, allows no such weights.</exception>
    public void Merge(IModel model)
    {
        if (IsMerged)
        {
            throw new InvalidOperationException($"{GetName()} is merged already");
        }

        CheckMerge();
        if (IsAttached)
        {
            Detach();
        }

        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var state = model.Module.state_dict();
        foreach (var (name, value) in Whole.Stored.Concat(MergedWeights(state))) // in this order: the second reads what the first wrote
        {
            var weight = state[name];
            _replaced.Add((model.Module, name, weight.clone().DetachFromDisposeScope()));
            weight.copy_(value);
        }

        IsMerged = true;
    }

    /// <summary>Takes its effect out of the weights again, to the same bits.</summary>
    public void Unmerge()
    {
        using var frozen = no_grad();
        foreach (var (model, name, original) in Enumerable.Reverse(_replaced))
        {
            using var scope = NewDisposeScope();
            model.state_dict()[name].copy_(original);
            original.Dispose();
        }

        _replaced.Clear();
        IsMerged = false;
    }

    /// <summary>The parameters that training moves: its own, and those that it trains of the model itself while it is attached.</summary>
    public IEnumerable<TorchSharp.Modules.Parameter> Trainable(IModel model) =>
        parameters().Concat(model.Module.parameters()).Where(p => p.requires_grad);

    /// <summary>Its tensors under the names of the PEFT layout, without the leading <c>base_model.model.</c>; the caller's dispose scope owns what is made.</summary>
    internal IEnumerable<KeyValuePair<string, Tensor>> Tensors() => OwnTensors().Concat(Whole.Tensors().Select(t => KeyValuePair.Create(WholeName(t.Key), t.Value)));

    /// <summary>Attaches: freezes the model, lets what is trained whole take its place, then the kind's own hooks.</summary>
    protected sealed override void AttachTo(nn.Module model)
    {
        if (IsMerged)
        {
            throw new InvalidOperationException($"{GetName()} is merged: unmerge it first");
        }

        var asked = model.parameters().Where(p => p.requires_grad).ToList();
        model.Freeze();
        OnDetach(() => asked.ForEach(p => p.requires_grad = true));
        Whole.Enter(model);
        OnDetach(() => Whole.Leave(model));
        SetHooks(model);
    }

    /// <summary>Sets the hooks, each with <see cref="TuningModule.OnDetach"/> for its removal.</summary>
    protected abstract void SetHooks(nn.Module model);

    /// <summary>Refuses what cannot be merged, before anything is changed.</summary>
    protected virtual void CheckMerge()
    {
    }

    /// <summary>The weights of ours that it changes, by name, as they are to be; computed in float32 or wider from the weights given.</summary>
    protected abstract IEnumerable<KeyValuePair<string, Tensor>> MergedWeights(IReadOnlyDictionary<string, Tensor> state);

    /// <summary>The kind's own tensors under the names of the PEFT layout.</summary>
    protected abstract IEnumerable<KeyValuePair<string, Tensor>> OwnTensors();

    /// <summary>Whether it puts something beside a module, whose own weights the layout then keeps one level deeper.</summary>
    protected virtual bool Adapts(string module) => false;

    /// <summary>Takes a tensor from a file: one of the kind's own, or one of the model itself.</summary>
    /// <returns>The name that <see cref="Tensors"/> gives it; null where the adapter has no place for it.</returns>
    /// <exception cref="UserError">It has another shape.</exception>
    internal string? Load(string name, Tensor value) => LoadOwn(name, value) ?? Whole.Load(name, value);

    /// <inheritdoc cref="Load"/>
    protected abstract string? LoadOwn(string name, Tensor value);

    /// <summary>Names of tensors without which a file is not whole.</summary>
    internal IReadOnlyList<string> Required()
    {
        using var scope = NewDisposeScope();
        return [.. OwnTensors().Select(t => t.Key), .. Whole.Required];
    }

    /// <summary>The configuration file that it was read from, of which keys that say nothing to us are kept.</summary>
    internal JsonObject? Source { get; set; }

    internal HubModules HubModules => Modules;

    /// <summary>Whether the layout puts the wrappers' prefix before its tensors.</summary>
    internal virtual bool HasPrefix => true;

    private string WholeName(string tensor) => tensor.LastIndexOf('.') is var dot and > 0 && Adapts(tensor[..dot]) ? $"{tensor[..dot]}.base_layer{tensor[dot..]}" : tensor;

    /// <summary>A weight in the type in which changes of it are computed, without a gradient.</summary>
    internal static Tensor Wide(Tensor weight) => weight.dtype == ScalarType.Float64 ? weight.detach() : weight.detach().to(ScalarType.Float32);

    private protected static void Copy(string name, Tensor target, Tensor value)
    {
        if (!target.shape.SequenceEqual(value.shape))
        {
            throw new UserError($"is [{string.Join(", ", value.shape)}] in the file, the model and the configuration need [{string.Join(", ", target.shape)}]", name, "use the base model that it was made for");
        }

        using var frozen = no_grad();
        target.copy_(value);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _replaced.ForEach(r => r.Original.Dispose());
            _replaced.Clear();
            Whole.Dispose();
        }
    }
}
