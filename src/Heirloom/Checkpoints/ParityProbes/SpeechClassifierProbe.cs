using Heirloom.Models;
using Heirloom.Models.Speech;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Classes of recordings or of their frames.</summary>
public sealed class SpeechClassifierProbe : ParityProbe<IClassifier<AudioInputs>>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(IClassifier<AudioInputs> model, ParityInputs inputs) =>
        Classes(() => model.Classify(AudioEncoderProbe.Audio(inputs)), inputs);
}
