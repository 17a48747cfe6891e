using Heirloom.Models.Speech;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>An assembled model that hears.</summary>
public sealed class AssembledAudio : AssembledModel, IAudioEncoder, ITranscriber
{
    internal AssembledAudio(AssembledConfig config) : base(nameof(AssembledAudio), config, place => place)
    {
        Accept("hears", t => t is TranscriptionTarget);
        if (Targets.IsEmpty)
        {
            throw new UserError("a model that hears and has no decoder is trained to transcribe", "targets", "targets: [{ kind: transcription, … }]");
        }

        RegisterComponents();
    }

    public IAudioEncoder Encoder => this;

    public int VocabularySize => Target.Settings.VocabularySize;

    public int Blank => Target.Settings.Blank;

    public int InnerWidth => Sound.InnerWidth;

    public SpanMaskingConfig Masking => Sound.Masking;

    private TranscriptionTarget Target => Find<TranscriptionTarget>()!;

    private SpeechEncoder Sound => _embedding.Find<SpeechPart>()!.Frames;

    public long Frames(long samples) => Sound.Frames(samples);

    public long OutputFrames(long samples) => Sound.Frames(samples);

    public Tensor Encode(AudioInputs inputs) => Encode(new StreamInputs { Audio = inputs });

    public Tensor Transcribe(AudioInputs inputs)
    {
        using var scope = NewDisposeScope();
        return Target.Symbols(Encode(inputs)).MoveToOuterDisposeScope();
    }

    public Tensor TranscriptLoss(Tensor logits, Tensor? mask, Tensor labels) =>
        TranscriptLosses.Of(logits, mask, OutputFrames, labels, Blank, Target.Settings.IgnoreImpossible, Target.Settings.Reduction);
}
