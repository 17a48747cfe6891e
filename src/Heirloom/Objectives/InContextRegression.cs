using Heirloom.Data;
using Heirloom.Models.InContext;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>Mean squared error of predictions in context, over all points of all sequences (Garg et al. 2022, equation 2; Raventós et al. 2023, equation 1).</summary>
public static class InContextRegression
{
    public static Objective<IInContextRegressor, RegressionBatch> Objective() => (model, batch, _) =>
    {
        var predictions_BK = model.Predict(batch.Inputs, batch.Outputs).to(ScalarType.Float32);
        var loss = nn.functional.mse_loss(predictions_BK, batch.Outputs.to(ScalarType.Float32));
        return new(loss, ("loss", loss.detach()));
    };
}
