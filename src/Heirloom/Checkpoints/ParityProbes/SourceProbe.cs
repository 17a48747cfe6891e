using Heirloom.Models;
using Heirloom.Models.Heads;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Encoder states of a model with a decoder under a head.</summary>
public sealed class SourceProbe : ParityProbe<IModel>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(IModel model, ParityInputs inputs)
    {
        if (model is HeadModel<ITokenEncoder> { Encoder: ISequenceToSequenceLM reader })
        {
            yield return ("encoder", () => reader.EncodeSource(inputs["input_ids"], inputs.Mask));
        }
    }
}
