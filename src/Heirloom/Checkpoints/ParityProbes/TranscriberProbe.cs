using Heirloom.Models.Speech;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>A symbol at each frame, and the loss of transcripts.</summary>
public sealed class TranscriberProbe : ParityProbe<ITranscriber>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(ITranscriber model, ParityInputs inputs)
    {
        var logits = new Lazy<Tensor>(() => model.Transcribe(AudioEncoderProbe.Audio(inputs)));
        yield return ("logits", () => logits.Value);
        yield return ("loss", () => model.TranscriptLoss(logits.Value, inputs.Mask, inputs["labels"]).view(1));
    }
}
