using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>The bare model: hidden states, and the pooled vector where it has one.</summary>
public sealed class TokenEncoderProbe : ParityProbe<ITokenEncoder>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ITokenEncoder model, ParityInputs inputs)
    {
        var hidden = new Lazy<Tensor>(() => model.Encode(inputs.Tokens));
        yield return ("last_hidden_state", () => hidden.Value);
        if (model is IPooledEncoder { HasPooler: true } pooled)
        {
            yield return ("pooler_output", () => pooled.Pool(hidden.Value.select(1, 0)));
        }
    }
}
