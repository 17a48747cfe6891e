using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Parts;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Zoo;

/// <summary>BERT, RoBERTa, ALBERT and their like: predicting hidden tokens, with or without the relation of two texts, or classifying texts.</summary>
public sealed class EncoderAssembly : FamilyAssembly
{
    public override AssembledConfig? Assemble(ModelConfig family) => family switch
    {
        EncoderConfig { Pooler: false, Head: true, HeadTransform: true } encoder => Of(encoder, MaskedLM(encoder)),
        SentencePairLMConfig { Transform: null, Bias: true, Encoder: EncoderConfig { Pooler: true, Head: true, HeadTransform: true } encoder } pairs =>
            Of(encoder, MaskedLM(encoder), new SentencePairTargetConfig { Classes = pairs.Classes, Dropout = pairs.Dropout }),
        SequenceClassifierConfig { Bias: true, Pooling: Pooling.First or Pooling.Last or Pooling.Mean, PoolingToken: null, Encoder: EncoderConfig { Pooler: false, Head: false } encoder } classifier =>
            Of(encoder, new ClassificationTargetConfig { Classes = classifier.Classes, Pooling = classifier.Pooling, Transform = classifier.Transform, Dropout = classifier.Dropout }),
        _ => null,
    };

    public override ModelConfig? Propose(AssembledConfig assembly)
    {
        if (assembly is not { Encoder: TransformerPartConfig { Causal: false } encoder, Decoder: null, Second: null } || Find<WordPartConfig>(assembly.Embedding) is not { } words)
        {
            return null;
        }

        var (masked, pairs, classes) = (Find<MaskedLMTargetConfig>(assembly), Find<SentencePairTargetConfig>(assembly), Find<ClassificationTargetConfig>(assembly));
        var own = new EncoderConfig
        {
            VocabularySize = words.VocabularySize,
            ContextLength = assembly.Embedding.ContextLength ?? int.MaxValue,
            Layers = encoder.Layers,
            Block = encoder.Block,
            Positions = Joined(assembly.Embedding, encoder),
            TokenTypes = Find<SegmentPartConfig>(assembly.Embedding)?.Types ?? 0,
            EmbeddingWidth = assembly.Embedding.OutputWidth is null ? null : assembly.Embedding.Width,
            Sharing = encoder.Sharing,
            EmbeddingNorm = assembly.Embedding.Norm is not null,
            Head = masked is not null,
            HeadActivation = masked?.Activation,
            TieEmbeddings = masked?.Tied ?? true,
            Pooler = pairs is not null,
        };
        return (masked, pairs, classes) switch
        {
            (not null, null, null) => own,
            (not null, not null, null) => new SentencePairLMConfig { Encoder = own, Classes = pairs.Classes, Dropout = pairs.Dropout },
            (null, null, not null) => new SequenceClassifierConfig { Encoder = own, Classes = classes.Classes, Pooling = classes.Pooling, Transform = classes.Transform, Dropout = classes.Dropout },
            _ => null,
        };
    }

    public override IReadOnlyList<(string Family, string Assembly)> Names(ModelConfig family)
    {
        var (under, encoder) = family is HeadConfig { Encoder: EncoderConfig inner } ? ("encoder.", inner) : ("", (EncoderConfig)family);
        return
        [
            ($"{under}embedding.", "embedding.word.table."),
            ($"{under}positions.", Place(encoder.Positions)),
            ($"{under}token_types.", "embedding.segment.table."),
            ($"{under}embedding_norm.", "embedding.norm."),
            ($"{under}embedding_projection.", "embedding.projection."),
            ($"{under}layers.", "encoder.layers."),
            ($"{under}norm.", "encoder.norm."),
            ($"{under}head_transform.", "targets.masked_lm.transform."),
            ($"{under}head_norm.", "targets.masked_lm.norm."),
            ($"{under}head.", "targets.masked_lm.head."),
            ($"{under}pooler.", "targets.sentence_pair.pooler."),
            ("classifier.", family is SentencePairLMConfig ? "targets.sentence_pair.classifier." : "targets.classification.classifier."),
            ("classifier_transform.", "targets.classification.transform."),
        ];
    }

    private static MaskedLMTargetConfig MaskedLM(EncoderConfig encoder) =>
        new() { Activation = encoder.HeadActivation ?? encoder.Block.FeedForward.Activation, Norm = encoder.Block.Norm, Tied = encoder.TieEmbeddings };

    private static AssembledConfig Of(EncoderConfig encoder, params ReadOnlySpan<TargetConfig> targets) => new()
    {
        Embedding = new()
        {
            Width = encoder.EmbeddingWidth ?? encoder.Block.Width,
            ContextLength = encoder.ContextLength,
            Parts =
            [
                new WordPartConfig { VocabularySize = encoder.VocabularySize },
                .. Part(encoder.Positions),
                .. encoder.TokenTypes > 0 ? (IEnumerable<EmbeddingPartConfig>)[new SegmentPartConfig { Types = encoder.TokenTypes }] : [],
            ],
            Norm = encoder.EmbeddingNorm ? encoder.Block.Norm : null,
            Dropout = encoder.Block.Dropout,
            OutputWidth = encoder.EmbeddingWidth is null ? null : encoder.Block.Width,
        },
        Encoder = new TransformerPartConfig { Layers = encoder.Layers, Block = encoder.Block, Positions = Attended(encoder.Positions), Sharing = encoder.Sharing },
        Targets = [.. targets],
    };
}
