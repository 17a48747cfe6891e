using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>How a pretrained model is adapted: which few parameters are added to it, or which of its own are trained.</summary>
public abstract record TuningConfig : Kinded
{
    /// <summary>Makes what is added, for a model of this shape, not yet attached. At the start an attached one changes little or nothing of what the model says.</summary>
    public abstract TuningModule Build(IModel model, Seed seed);
}

/// <summary>
/// Parameters that act inside a frozen model through hooks on its layers. The model's own weights, names and files stay as they are, and
/// detaching gives back the model as it was.
/// </summary>
public abstract class TuningModule(string name) : nn.Module(name)
{
    private readonly List<Action> _undo = [];

    public bool IsAttached { get; private set; }

    /// <summary>Lets it act in every forward of the model until it is detached.</summary>
    /// <exception cref="InvalidOperationException">It is attached already.</exception>
    /// <exception cref="UserError">The model lacks what it acts on.</exception>
    public void Attach(IModel model)
    {
        if (IsAttached)
        {
            throw new InvalidOperationException($"{GetName()} is attached already");
        }

        try
        {
            AttachTo(model.Module);
        }
        catch
        {
            Detach(); // from the layers that it had reached
            throw;
        }

        IsAttached = true;
    }

    /// <summary>Takes it out again.</summary>
    public void Detach()
    {
        foreach (var undo in Enumerable.Reverse(_undo))
        {
            undo();
        }

        _undo.Clear();
        IsAttached = false;
    }

    /// <summary>Sets the hooks, each with <see cref="OnDetach"/> for its removal.</summary>
    protected abstract void AttachTo(nn.Module model);

    /// <summary>Registers what <see cref="Detach"/> has to do, in reverse order.</summary>
    protected void OnDetach(Action undo) => _undo.Add(undo);

    /// <summary>Replaces a layer's output by a function of its input and output.</summary>
    protected void HookOutput(nn.Module<Tensor, Tensor> layer, Func<Tensor, Tensor, Tensor> change)
    {
        var hook = layer.register_forward_hook((_, input, output) => change(input, output));
        OnDetach(hook.remove);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Detach();
        }

        base.Dispose(disposing);
    }
}
