using Heirloom.Data;
using Heirloom.Models;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Heirloom.Objectives;

/// <summary>One number a sequence: mean squared error of a head with a single output.</summary>
public static class Regression
{
    /// <summary>Labels are <c>[B]</c> of any number type.</summary>
    public static Objective<IClassifier<TokenInputs>, LabeledTokenBatch> Objective() => (model, batch, _) =>
        Loss(model.Classify(new(batch.Ids) { Mask = batch.Mask }), batch.Labels);

    /// <param name="outputs"><c>[B, 1]</c></param>
    /// <param name="labels"><c>[B]</c></param>
    /// <exception cref="UserError">The head has more than one output, or there is more than one label a sequence.</exception>
    public static Loss Loss(Tensor outputs, Tensor labels)
    {
        if (labels.dim() != 1 || !outputs.shape.SequenceEqual([labels.shape[0], 1]))
        {
            throw new UserError(
                $"regression needs one output and one label a sequence; the model gives [{string.Join(", ", outputs.shape)}] and labels are [{string.Join(", ", labels.shape)}]",
                mend: "set classes to 1");
        }

        var loss = F.mse_loss(outputs.squeeze(1).to_type(ScalarType.Float32), labels.to_type(ScalarType.Float32));
        return new(loss, ("loss", loss.detach()));
    }
}
