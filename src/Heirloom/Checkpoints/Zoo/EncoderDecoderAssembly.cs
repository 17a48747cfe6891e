using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Zoo;

/// <summary>T5 and its like, whose encoder and decoder share their embedding. (BART's share words and have positions of their own, which no embedding of parts does.)</summary>
public sealed class EncoderDecoderAssembly : FamilyAssembly
{
    public override AssembledConfig? Assemble(ModelConfig family) => family is EncoderDecoderConfig { Head: true, EmbeddingNorm: false, StartsWithLast: false } both && !OnEmbedding(both.Positions)
        ? new()
        {
            Embedding = new()
            {
                Width = both.Block.Width,
                ContextLength = both.ContextLength,
                Parts = [new WordPartConfig { VocabularySize = both.VocabularySize, Scale = both.EmbeddingScale }],
                Dropout = both.Block.Dropout,
            },
            Encoder = Stack(both, both.Block, both.EncoderLayers, causal: false),
            Decoder = Stack(both, both.DecoderBlockOrSame(), both.DecoderLayers, causal: true),
            Targets = [new CausalLMTargetConfig { Tied = both.TieEmbeddings, Bias = both.HeadBias, Scale = both.HeadScaleOrDefault() }],
            DecoderStart = both.DecoderStart,
            PaddingToken = both.PaddingToken,
        }
        : null;

    public override ModelConfig? Propose(AssembledConfig assembly) =>
        assembly is { Encoder: TransformerPartConfig encoder, Decoder: { } decoder, TargetEmbedding: null }
        && Find<WordPartConfig>(assembly.Embedding) is { } words && Find<CausalLMTargetConfig>(assembly) is { } target
            ? new EncoderDecoderConfig
            {
                VocabularySize = words.VocabularySize,
                EncoderLayers = encoder.Layers,
                DecoderLayers = decoder.Layers,
                Block = encoder.Block,
                DecoderBlock = decoder.Block == encoder.Block ? null : decoder.Block,
                Positions = encoder.Positions,
                ContextLength = assembly.Embedding.ContextLength,
                EmbeddingScale = words.Scale,
                TieEmbeddings = target.Tied,
                HeadBias = target.Bias,
                HeadScale = target.Scale,
                OutputDropout = encoder.OutputDropout > 0 || encoder.Block.Dropout == 0,
                DecoderStart = assembly.DecoderStart,
                PaddingToken = assembly.PaddingToken,
            }
            : null;

    public override IReadOnlyList<(string Family, string Assembly)> Names(ModelConfig family) =>
    [
        ("embedding.", "embedding.word.table."),
        ("encoder.", "encoder."),
        ("decoder.", "decoder."),
        ("head.", "targets.causal_lm.head."),
    ];

    private static TransformerPartConfig Stack(EncoderDecoderConfig both, Layers.TransformerBlockConfig block, int layers, bool causal) =>
        new() { Layers = layers, Block = block, Causal = causal, Positions = both.Positions, OutputDropout = both.OutputDropout && block.Placement != Layers.NormPlacement.Post ? block.Dropout : 0 };
}
