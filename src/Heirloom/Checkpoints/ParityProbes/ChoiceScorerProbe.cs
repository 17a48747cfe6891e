using Heirloom.Models.Heads;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Scores of choices.</summary>
public sealed class ChoiceScorerProbe : ParityProbe<ChoiceScorer>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ChoiceScorer model, ParityInputs inputs) =>
        Classes(() => model.Choose(inputs.Tokens), inputs);
}
