using Heirloom.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>
/// What models of one capability can be compared on, under the names that the hub's implementations give their outputs. Probes are found by reflection; where
/// several fit a model it can be compared on the outputs of all. Needs a constructor without parameters.
/// </summary>
public abstract class ParityProbe
{
    /// <summary>Names and how to compute them; nothing for models without the capability. Nothing is computed before it is asked for.</summary>
    public abstract IEnumerable<(string Name, Func<Tensor> Compute)> Outputs(IModel model, ParityInputs inputs);

    /// <summary>A classifier's outputs, its logits computed once, and their loss.</summary>
    protected static IEnumerable<(string Name, Func<Tensor> Compute)> Classes(Func<Tensor> classify, ParityInputs inputs)
    {
        var logits = new Lazy<Tensor>(classify);
        yield return ("logits", () => logits.Value);
        yield return ("loss", () => CrossEntropy(logits.Value, inputs["labels"]));
    }

    /// <summary>Cross-entropy of <c>[…, C]</c> logits, over labels that are not −100.</summary>
    protected static Tensor CrossEntropy(Tensor logits, Tensor labels) =>
        functional.cross_entropy(logits.reshape(-1, logits.shape[^1]), labels.reshape(-1), ignore_index: -100).view(1);

    /// <summary>Of each position's next token.</summary>
    protected static Tensor NextTokenLoss(Tensor logits, Tensor labels)
    {
        var length = labels.shape[1] - 1;
        return CrossEntropy(logits.narrow(1, 0, length), labels.narrow(1, 1, length));
    }
}

/// <summary>A probe of one capability.</summary>
public abstract class ParityProbe<TModel> : ParityProbe
    where TModel : class, IModel
{
    public sealed override IEnumerable<(string Name, Func<Tensor> Compute)> Outputs(IModel model, ParityInputs inputs) =>
        model is TModel capable ? Of(capable, inputs) : [];

    /// <summary>Names and how to compute them.</summary>
    protected abstract IEnumerable<(string Name, Func<Tensor> Compute)> Of(TModel model, ParityInputs inputs);
}
