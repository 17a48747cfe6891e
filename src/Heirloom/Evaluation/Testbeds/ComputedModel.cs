using Heirloom.Evaluation.Compute;
using Heirloom.Models;
using Heirloom.Models.Text;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>A decoder, and what was spent on the way to it.</summary>
/// <param name="Decoder">Is disposed with this.</param>
/// <param name="Compute">Losses on validation text and what they took.</param>
public sealed record ComputedModel(Decoder Decoder, ComputeToLoss Compute) : IModel, IDisposable
{
    public TorchSharp.torch.nn.Module Module => Decoder;

    public ModelConfig Config => Decoder.Config;

    public void Dispose() => Decoder.Dispose();
}
