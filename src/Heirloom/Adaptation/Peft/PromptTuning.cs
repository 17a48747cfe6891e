using Heirloom.Layers;
using Heirloom.Models;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>Vectors that a frozen model reads before every input.</summary>
public sealed class PromptTuning : Adapter
{
    private const string Name = "prompt_embeddings";

    [ComponentName(Name = Name)]
    private readonly Parameter _vectors_PD;

    private readonly Func<IPromptable> _model; // not a field of the model itself, which would make it a part of the adapter

    internal PromptTuning(PromptTuningConfig config, IModel model, Seed seed) : base(nameof(PromptTuning), config, HubModules.Of(model), model)
    {
        var promptable = model as IPromptable ?? throw new UserError($"a {model.GetType().Name} cannot read vectors before its tokens", "prompt_tuning", "use lora, or a language model");
        _model = () => promptable;
        using var generator = seed.For(Name).Generator();
        _vectors_PD = ModuleWeight.Of(zeros(config.Tokens, promptable.Width));
        using (no_grad())
        {
            _vectors_PD.normal_(0, 1, generator); // as the layout's random start
        }

        RegisterComponents();
        this.to(model.Module.parameters().First().device);
    }

    internal override bool HasPrefix => false;

    protected override void SetHooks(nn.Module model)
    {
        var promptable = _model();
        promptable.Virtual = promptable.Virtual is null ? new(_vectors_PD) : throw new UserError("the model reads other virtual tokens already", "prompt_tuning", "detach those first");
        OnDetach(() => promptable.Virtual = null);
    }

    protected override void CheckMerge() =>
        throw new UserError("vectors before the input are no weights, so they cannot be merged into the model", "prompt_tuning", "keep the adapter beside it");

    protected override IEnumerable<KeyValuePair<string, Tensor>> MergedWeights(IReadOnlyDictionary<string, Tensor> state) => [];

    protected override IEnumerable<KeyValuePair<string, Tensor>> OwnTensors() => [new(Name, _vectors_PD)];

    protected override string? LoadOwn(string name, Tensor value)
    {
        if (name != Name)
        {
            return null;
        }

        Copy(name, _vectors_PD, value);
        return name;
    }
}
