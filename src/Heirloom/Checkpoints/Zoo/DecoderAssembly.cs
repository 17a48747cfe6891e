using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Zoo;

/// <summary>GPT-2, Llama and their like: predicting the next token.</summary>
public sealed class DecoderAssembly : FamilyAssembly
{
    public override AssembledConfig? Assemble(ModelConfig family) => family is DecoderConfig { Head: true } decoder && decoder.WindowLayers.IsDefaultOrEmpty
        ? new()
        {
            Embedding = new()
            {
                Width = decoder.Block.Width,
                ContextLength = decoder.ContextLength,
                Parts = [new WordPartConfig { VocabularySize = decoder.VocabularySize, Scale = decoder.EmbeddingScale }, .. Part(decoder.Positions)],
                Norm = decoder.EmbeddingNorm ? decoder.Block.Norm : null,
                Dropout = decoder.Block.Dropout,
            },
            Encoder = new TransformerPartConfig { Layers = decoder.Layers, Block = decoder.Block, Causal = true, Positions = Attended(decoder.Positions) },
            Targets = [new CausalLMTargetConfig { Tied = decoder.TieEmbeddings, Bias = decoder.HeadBias }],
        }
        : null;

    public override ModelConfig? Propose(AssembledConfig assembly) =>
        assembly is { Encoder: TransformerPartConfig { Causal: true } encoder, Decoder: null, Second: null }
        && Find<WordPartConfig>(assembly.Embedding) is { } words && Find<CausalLMTargetConfig>(assembly) is { } target
            ? new DecoderConfig
            {
                VocabularySize = words.VocabularySize,
                ContextLength = assembly.Embedding.ContextLength ?? int.MaxValue,
                Layers = encoder.Layers,
                Block = encoder.Block,
                Positions = Joined(assembly.Embedding, encoder),
                TieEmbeddings = target.Tied,
                HeadBias = target.Bias,
                EmbeddingScale = words.Scale,
                EmbeddingNorm = assembly.Embedding.Norm is not null,
            }
            : null;

    public override IReadOnlyList<(string Family, string Assembly)> Names(ModelConfig family) =>
    [
        ("embedding.", "embedding.word.table."),
        ("positions.", Place(((DecoderConfig)family).Positions)),
        ("embedding_norm.", "embedding.norm."),
        ("layers.", "encoder.layers."),
        ("norm.", "encoder.norm."),
        ("head.", "targets.causal_lm.head."),
    ];
}
