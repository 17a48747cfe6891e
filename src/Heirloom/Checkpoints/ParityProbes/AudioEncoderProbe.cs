using Heirloom.Models.Speech;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>The bare speech model: what its convolutions make, and what context makes of that.</summary>
public sealed class AudioEncoderProbe : ParityProbe<SpeechEncoder>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(SpeechEncoder model, ParityInputs inputs)
    {
        yield return ("last_hidden_state", () => model.Encode(Audio(inputs)));
        yield return ("extract_features", () => model.ExtractFrames(inputs["input_values"]));
    }

    /// <summary>Recordings with whatever goes with them.</summary>
    internal static AudioInputs Audio(ParityInputs inputs) =>
        new(inputs["input_values"]) { Mask = inputs.Mask, HiddenFrames = inputs.Find("mask_time_indices")?.to(ScalarType.Bool) };
}
