using Heirloom.Models.Speech;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>Contexts against codes, for given hidden frames and negatives; the hub's losses are sums over hidden frames.</summary>
public sealed class SpeechPretrainerProbe : ParityProbe<SpeechPretrainer>
{
    protected override IEnumerable<(string Name, Func<Tensor> Compute)> Of(SpeechPretrainer model, ParityInputs inputs)
    {
        var audio = new Lazy<AudioInputs>(() => AudioEncoderProbe.Audio(inputs));
        var compared = new Lazy<(Tensor Contexts, SpeechCodes Codes)>(() => model.Compare(audio.Value));
        Tensor Hidden() => audio.Value.HiddenFrames ?? inputs["mask_time_indices"];
        Tensor Contrast() => model.Similarities(compared.Value.Contexts, compared.Value.Codes.Vectors, Hidden(), inputs["sampled_negative_indices"]).log_softmax(-1).select(1, 0).sum().neg();
        Tensor Diversity() => model.Unused(compared.Value.Codes).mul(Hidden().sum());
        yield return ("projected_states", () => compared.Value.Contexts);
        yield return ("projected_quantized_states", () => compared.Value.Codes.Vectors);
        yield return ("codevector_perplexity", () => compared.Value.Codes.Perplexity.view(1));
        yield return ("contrastive_loss", () => Contrast().view(1));
        yield return ("diversity_loss", () => Diversity().view(1));
        yield return ("loss", () => Contrast().add(Diversity().mul(model.Settings.DiversityWeight)).view(1));
    }
}
