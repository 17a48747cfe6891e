using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Text;

/// <summary>A bidirectional transformer with a masked-token head. BERT- and RoBERTa-type models are settings of it: <see cref="Bert"/>, <see cref="Roberta"/>.</summary>
public sealed record EncoderConfig : ModelConfig, IExample<EncoderConfig>
{
    public static EncoderConfig Example => Bert(32, context: 16, width: 16, layers: 2, heads: 2);

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence (rows that positions skip are not counted).</summary>
    [Range(1, int.MaxValue)]
    public required int ContextLength { get; init; }

    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form.</summary>
    public required TransformerBlockConfig Block { get; init; }

    public PositionsConfig Positions { get; init; } = new LearnedPositionsConfig();

    /// <summary>Sentence types, of which a token without one has type 0; 0 for none.</summary>
    [Range(0, int.MaxValue)]
    public int TokenTypes { get; init; }

    /// <summary>
    /// Width of the embeddings of tokens, positions and types, and of the vectors that the vocabulary head sees; a projection with a bias leads from it to the
    /// layers' width (Lan et al. 2020, ALBERT, section 3.1). Null for the layers' width, without a projection.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? EmbeddingWidth { get; init; }

    /// <summary>Layers that share their weights; null where each has its own.</summary>
    public LayerSharingConfig? Sharing { get; init; }

    /// <summary>Normalizes embeddings before the first layer.</summary>
    public bool EmbeddingNorm { get; init; } = true;

    /// <summary>Whether there is a vocabulary head; without one it encodes only, which is all that a classifier needs.</summary>
    public bool Head { get; init; } = true;

    /// <summary>Whether the head first transforms the hidden vector: a projection, an activation and a norm. A head needs it to lead back to a narrower embedding.</summary>
    public bool HeadTransform { get; init; } = true;

    /// <summary>The activation of <see cref="HeadTransform"/>; null for the feed-forward's.</summary>
    public Activation? HeadActivation { get; init; }

    /// <summary>Whether the head's weight is the embedding (its bias is its own).</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>Whether there is a tanh projection of the first token, which stands for the sequence. Masked tokens do not train it.</summary>
    public bool Pooler { get; init; }

    /// <summary>How weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig { ScaleResidual = false, Truncated = true };

    /// <summary>BERT-type (Devlin et al. 2019): learned positions, two token types, layer norm after each branch, exact GELU.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="context">Longest sequence.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="dropout">Everywhere (0.1 in the original).</param>
    public static EncoderConfig Bert(int vocabulary, int context, int width, int layers, int heads, double dropout = 0) => new()
    {
        VocabularySize = vocabulary,
        ContextLength = context,
        Layers = layers,
        TokenTypes = 2,
        Block = new()
        {
            Width = width,
            Attention = new AttentionConfig { Heads = heads, Dropout = dropout }.WithBiases(),
            FeedForward = new() { Width = 4 * width, Activation = Activation.Gelu, Gated = false, Bias = true },
            Norm = new LayerNormConfig { Epsilon = 1e-12 },
            Placement = NormPlacement.Post,
            Dropout = dropout,
        },
    };

    /// <summary>RoBERTa-type (Liu et al. 2019): BERT with a single token type, its positions counted from 2 over tokens that are not 1, which is padding.</summary>
    /// <inheritdoc cref="Bert"/>
    public static EncoderConfig Roberta(int vocabulary, int context, int width, int layers, int heads, double dropout = 0)
    {
        var bert = Bert(vocabulary, context, width, layers, heads, dropout);
        return bert with
        {
            // one row that every token gets, as its published files have it
            TokenTypes = 1,
            Positions = new LearnedPositionsConfig { Offset = 2, PaddingToken = 1 },
            Block = bert.Block with { Norm = new LayerNormConfig { Epsilon = 1e-5 } },
        };
    }

    /// <summary>ALBERT (Lan et al. 2020): BERT with narrow embeddings and one layer's weights for all layers.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="context">Longest sequence.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="embedding">Width of the embeddings.</param>
    /// <param name="dropout">Everywhere (0.1 in the original).</param>
    public static EncoderConfig Albert(int vocabulary, int context, int width, int layers, int heads, int embedding, double dropout = 0)
    {
        var bert = Bert(vocabulary, context, width, layers, heads, dropout);
        return bert with
        {
            EmbeddingWidth = embedding,
            Sharing = new(),
            Block = bert.Block with { FeedForward = bert.Block.FeedForward with { Activation = Activation.GeluTanh } },
        };
    }

    /// <summary>ELECTRA's generator (Clark et al. 2020), and the trunk of its discriminator: BERT with narrow embeddings where <paramref name="embedding"/> is not the width.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="context">Longest sequence.</param>
    /// <param name="width">Width of the residual stream; the feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="embedding">Width of the embeddings.</param>
    /// <param name="dropout">Everywhere (0.1 in the original).</param>
    public static EncoderConfig Electra(int vocabulary, int context, int width, int layers, int heads, int embedding, double dropout = 0) =>
        Bert(vocabulary, context, width, layers, heads, dropout) with { EmbeddingWidth = embedding == width ? null : embedding };

    /// <summary>DistilBERT (Sanh et al. 2019): BERT without token types.</summary>
    /// <inheritdoc cref="Bert"/>
    public static EncoderConfig DistilBert(int vocabulary, int context, int width, int layers, int heads, double dropout = 0) =>
        Bert(vocabulary, context, width, layers, heads, dropout) with { TokenTypes = 0 };

    /// <summary>Layers that have weights of their own.</summary>
    internal int OwnLayers() => Sharing is { } sharing ? sharing.Groups * sharing.LayersPerGroup : Layers;

    public override Encoder Build(Seed seed)
    {
        var model = new Encoder(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
