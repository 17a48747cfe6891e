using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Models.VisionLanguage;

namespace Heirloom.Checkpoints.Zoo;

/// <summary>CLIP, whose texts are read at their end token.</summary>
public sealed class ClipAssembly : FamilyAssembly
{
    public override AssembledConfig? Assemble(ModelConfig family) => family is ClipConfig { Text: { EndToken: { } end, ProjectionWidth: { } width } text, Vision: var vision } clip && vision.ProjectionWidth == width
        ? new()
        {
            Embedding = new()
            {
                Width = text.Block.Width,
                ContextLength = text.ContextLength,
                Parts = [new WordPartConfig { VocabularySize = text.VocabularySize }, new PositionPartConfig()],
            },
            Encoder = new TransformerPartConfig { Layers = text.Layers, Block = text.Block, Causal = true },
            Second = new()
            {
                Embedding = new()
                {
                    Width = vision.Block.Width,
                    Parts = [new PatchPartConfig { ImageSize = vision.ImageSize, PatchSize = vision.PatchSize, Channels = vision.Channels, Bias = false }, new PositionPartConfig()],
                    Norm = vision.Block.Norm,
                },
                Encoder = new TransformerPartConfig { Layers = vision.Layers, Block = vision.Block },
            },
            Targets = [new ContrastTargetConfig { Width = width, EndToken = end, LogScale = clip.LogScale }],
        }
        : null;

    public override ModelConfig? Propose(AssembledConfig assembly) =>
        assembly is { Encoder: TransformerPartConfig texts, Second: { Encoder: TransformerPartConfig images } second } && Find<ContrastTargetConfig>(assembly) is { } target
        && Find<WordPartConfig>(assembly.Embedding) is { } words && Find<PatchPartConfig>(second.Embedding) is { } patches
            ? new ClipConfig
            {
                LogScale = target.LogScale,
                Text = new()
                {
                    VocabularySize = words.VocabularySize,
                    ContextLength = assembly.Embedding.ContextLength ?? int.MaxValue,
                    Layers = texts.Layers,
                    Block = texts.Block,
                    EndToken = target.EndToken,
                    ProjectionWidth = target.Width,
                },
                Vision = new()
                {
                    ImageSize = patches.ImageSize,
                    PatchSize = patches.PatchSize,
                    Channels = patches.Channels,
                    Layers = images.Layers,
                    Block = images.Block,
                    ProjectionWidth = target.Width,
                },
            }
            : null;

    public override IReadOnlyList<(string Family, string Assembly)> Names(ModelConfig family) =>
    [
        ("text.embedding.", "embedding.word.table."),
        ("text.positions.", "embedding.position.positions."),
        ("text.layers.", "encoder.layers."),
        ("text.norm.", "encoder.norm."),
        ("text.projection.", "targets.contrast.text."),
        ("vision.patches.", "second.embedding.patch."),
        ("vision.class_token", "second.embedding.patch.class_token"),
        ("vision.positions.", "second.embedding.position.positions."),
        ("vision.embedding_norm.", "second.embedding.norm."),
        ("vision.layers.", "second.encoder.layers."),
        ("vision.norm.", "second.encoder.norm."),
        ("vision.projection.", "targets.contrast.image."),
        ("log_scale", "targets.contrast.log_scale"),
    ];
}
