using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Classes of texts or tokens.</summary>
public sealed class TokenClassifierProbe : ParityProbe<IClassifier<TokenInputs>>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(IClassifier<TokenInputs> model, ParityInputs inputs) =>
        Classes(() => model.Classify(inputs.Tokens), inputs);
}
