using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Models.Speech;

namespace Heirloom.Checkpoints.Zoo;

/// <summary>wav2vec 2.0 and HuBERT that transcribe.</summary>
public sealed class SpeechAssembly : FamilyAssembly
{
    public override AssembledConfig? Assemble(ModelConfig family) =>
        family is SpeechTranscriberConfig { Encoder: SpeechEncoderConfig { Adapter: null, LanguageAdapterWidth: null, Layers: > 0 } encoder } transcriber
            ? new()
            {
                Embedding = new() { Width = encoder.Block.Width, Parts = [new SpeechPartConfig { Frames = encoder with { Layers = 0, LayerDrop = 0 } }] },
                Encoder = new TransformerPartConfig { Layers = encoder.Layers, Block = encoder.Block, LayerDrop = encoder.LayerDrop },
                Targets =
                [
                    new TranscriptionTargetConfig
                    {
                        VocabularySize = transcriber.VocabularySize,
                        Blank = transcriber.Blank,
                        Dropout = transcriber.Dropout,
                        Reduction = transcriber.Reduction,
                        IgnoreImpossible = transcriber.IgnoreImpossible,
                    },
                ],
            }
            : null;

    public override ModelConfig? Propose(AssembledConfig assembly) =>
        assembly is { Encoder: TransformerPartConfig encoder, Decoder: null } && Find<SpeechPartConfig>(assembly.Embedding) is { } speech && Find<TranscriptionTargetConfig>(assembly) is { } target
            ? new SpeechTranscriberConfig
            {
                Encoder = speech.Frames with { Layers = encoder.Layers, LayerDrop = encoder.LayerDrop },
                VocabularySize = target.VocabularySize,
                Blank = target.Blank,
                Dropout = target.Dropout,
                Reduction = target.Reduction,
                IgnoreImpossible = target.IgnoreImpossible,
            }
            : null;

    public override IReadOnlyList<(string Family, string Assembly)> Names(ModelConfig family) =>
    [
        ("encoder.", "embedding.speech.frames."),
        ("encoder.layers.", "encoder.layers."),
        // it follows the last layer, or comes before the first
        ("encoder.norm.", ((SpeechEncoderConfig)((SpeechTranscriberConfig)family).Encoder).Block.Placement == NormPlacement.Pre ? "encoder.norm." : "embedding.speech.frames.norm."),
        ("head.", "targets.transcription.head."),
    ];
}
