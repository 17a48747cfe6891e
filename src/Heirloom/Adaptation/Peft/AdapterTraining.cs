using Heirloom.Models;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>What training moves, and so what its snapshots hold: an adapter, and whatever of the model it trains whole. The frozen rest is in neither.</summary>
/// <remarks>Give it to a trainer in the model's place, with an objective that runs through the model.</remarks>
public sealed class AdapterTraining : nn.Module, IModel
{
    private readonly Func<IModel> _model; // not the model itself, which would make it a part of what is trained

    [ComponentName(Name = "adapter")]
    private readonly Adapter _adapter;

    [ComponentName(Name = "whole")]
    private readonly ParameterList _whole;

    private AdapterTraining(Adapter adapter, IModel model) : base(nameof(AdapterTraining))
    {
        (_adapter, _model) = (adapter, () => model);
        _whole = new([.. model.Module.parameters().Where(p => p.requires_grad)]);
        RegisterComponents();
    }

    /// <summary>Attaches the adapter where it is not attached yet.</summary>
    /// <exception cref="UserError">The model lacks what the adapter acts on.</exception>
    public static AdapterTraining Of(Adapter adapter, IModel model)
    {
        if (!adapter.IsAttached)
        {
            adapter.Attach(model);
        }

        return new(adapter, model);
    }

    public ModelConfig Config => _model().Config;

    /// <summary>The model drops out with the adapter.</summary>
    public override void train(bool train = true)
    {
        base.train(train);
        _model().Module.train(train);
    }
}
