using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Models.Vision;

namespace Heirloom.Checkpoints.Zoo;

/// <summary>ViT; so are the encoders of MAE and BEiT, which see all patches once they are pretrained.</summary>
public sealed class VisionAssembly : FamilyAssembly
{
    public override AssembledConfig? Assemble(ModelConfig family) => family is VisionTransformerConfig { Pooler: false } vit
        ? new()
        {
            Embedding = new()
            {
                Width = vit.Block.Width,
                Parts =
                [
                    new PatchPartConfig { ImageSize = vit.ImageSize, PatchSize = vit.PatchSize, Channels = vit.Channels, ClassToken = vit.ClassToken },
                    new PositionPartConfig(),
                ],
                Dropout = vit.Block.Dropout,
            },
            Encoder = new TransformerPartConfig { Layers = vit.Layers, Block = vit.Block },
            Targets = vit.Classes > 0 ? [new ClassificationTargetConfig { Classes = vit.Classes }] : [],
        }
        : null;

    public override ModelConfig? Propose(AssembledConfig assembly) =>
        assembly is { Encoder: TransformerPartConfig encoder, Decoder: null } && Find<PatchPartConfig>(assembly.Embedding) is { } patches
            ? new VisionTransformerConfig
            {
                ImageSize = patches.ImageSize,
                PatchSize = patches.PatchSize,
                Channels = patches.Channels,
                ClassToken = patches.ClassToken,
                Layers = encoder.Layers,
                Block = encoder.Block,
                Classes = Find<ClassificationTargetConfig>(assembly)?.Classes ?? 0,
            }
            : null;

    public override IReadOnlyList<(string Family, string Assembly)> Names(ModelConfig family) =>
    [
        ("patches.", "embedding.patch."),
        ("class_token", "embedding.patch.class_token"),
        ("positions", "embedding.position.positions.weight"),
        ("layers.", "encoder.layers."),
        ("norm.", "encoder.norm."),
        ("classifier.", "targets.classification.classifier."),
    ];
}
