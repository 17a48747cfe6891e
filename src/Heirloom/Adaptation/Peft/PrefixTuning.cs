using Heirloom.Layers;
using Heirloom.Models;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>Keys and values that every attention layer of a frozen model sees before its own; positions count on behind them.</summary>
public sealed class PrefixTuning : Adapter
{
    private const string Name = "prompt_embeddings";

    [ComponentName(Name = "embedding")]
    private readonly Parameter _table;

    [ComponentName(Name = "hidden")]
    private readonly Linear? _hidden;

    [ComponentName(Name = "output")]
    private readonly Linear? _output;

    private readonly PrefixTuningConfig _config;

    internal PrefixTuning(PrefixTuningConfig config, IModel model, Seed seed) : base(nameof(PrefixTuning), config, HubModules.Of(model), model)
    {
        _config = config;
        var (layers, heads, width) = Shape(model);
        using var generator = seed.For(Name).Generator();
        var whole = layers * 2L * heads * width;
        using (no_grad())
        {
            if (config.Projection is { } projection)
            {
                _table = ModuleWeight.Of(zeros(config.Tokens, heads * width).normal_(0, 1, generator));
                _hidden = Started(heads * width, projection, seed.For("hidden"));
                _output = Started(projection, whole, seed.For("output"));
            }
            else
            {
                _table = ModuleWeight.Of(zeros(config.Tokens, whole).normal_(0, 1, generator));
            }
        }

        RegisterComponents();
        this.to(model.Module.parameters().First().device);
    }

    internal override bool HasPrefix => false;

    /// <summary>Layers, key and value heads, and a head's width.</summary>
    /// <exception cref="UserError">The model has no self-attention of one shape, or adds a bias by position to its scores.</exception>
    internal static (int Layers, int Heads, int Width) Shape(IModel model)
    {
        var attentions = Attentions(model.Module);
        return model is not (ILanguageModel or IClassifier<TokenInputs>) || attentions.Count == 0 || attentions.Any(a => a.IsCross)
            ? throw new UserError($"a {model.GetType().Name} has no attention that takes a prefix", "prefix_tuning", "use lora")
            : model.Module.modules().Any(m => m is RelativePositions or AlibiPositions)
            ? throw new UserError("a model whose positions are a bias on the scores has no position for a prefix", "prefix_tuning", "use lora")
            : attentions.DistinctBy(a => (a.KeyHeads, a.HeadWidth)).Count() == 1 ? (attentions.Count, attentions[0].KeyHeads, attentions[0].HeadWidth)
            : throw new UserError("its attention layers differ in shape", "prefix_tuning", "use lora");
    }

    protected override void SetHooks(nn.Module model)
    {
        foreach (var positions in model.modules().OfType<Positions>())
        {
            positions.Shift = _config.Tokens;
            OnDetach(() => positions.Shift = 0);
        }

        foreach (var (i, attention) in Attentions(model).Index())
        {
            attention.Prefix = () => Of(i, attention);
            OnDetach(() => attention.Prefix = null);
        }
    }

    protected override void CheckMerge() =>
        throw new UserError("keys and values before the input's are no weights, so they cannot be merged into the model", "prefix_tuning", "keep the adapter beside it");

    protected override IEnumerable<KeyValuePair<string, Tensor>> MergedWeights(IReadOnlyDictionary<string, Tensor> state) => [];

    protected override IEnumerable<KeyValuePair<string, Tensor>> OwnTensors() => [new(Name, All())];

    protected override string? LoadOwn(string name, Tensor value)
    {
        if (name != Name)
        {
            return null;
        }

        Copy(name, _table, value);
        return name;
    }

    private static List<Attention> Attentions(nn.Module model) => [.. model.modules().OfType<Attention>()];

    /// <summary><c>[P, layers · 2 · H · K]</c></summary>
    private Tensor All() => _hidden is null ? _table : _output!.call(_hidden.call(_table).tanh());

    private KeyValuePrefix Of(int layer, Attention attention)
    {
        var each = (long)attention.KeyHeads * attention.HeadWidth;
        var all = All();
        return new(Part(2 * layer), Part((2 * layer) + 1));

        Tensor Part(int index) => all.narrow(1, index * each, each).view(all.shape[0], attention.KeyHeads, attention.HeadWidth).transpose(0, 1);
    }

    private static Linear Started(long inputs, long outputs, Seed seed)
    {
        var layer = ModuleWeight.Kept(Projections.Linear(inputs, outputs, bias: true));
        using var generator = seed.Generator();
        var bound = 1 / Math.Sqrt(inputs);
        layer.weight!.uniform_(-bound, bound, generator);
        layer.bias!.uniform_(-bound, bound, generator);
        return layer;
    }
}
