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

    /// <summary>Normalizes embeddings before the first layer.</summary>
    public bool EmbeddingNorm { get; init; } = true;

    /// <summary>Whether the head first transforms the hidden vector: a projection, the feed-forward's activation and a norm.</summary>
    public bool HeadTransform { get; init; } = true;

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

    /// <summary>RoBERTa-type (Liu et al. 2019): BERT with a single token type, its positions counted from 2.</summary>
    /// <inheritdoc cref="Bert"/>
    public static EncoderConfig Roberta(int vocabulary, int context, int width, int layers, int heads, double dropout = 0)
    {
        var bert = Bert(vocabulary, context, width, layers, heads, dropout);
        return bert with
        {
            // one row that every token gets, as its published files have it
            TokenTypes = 1,
            Positions = new LearnedPositionsConfig { Offset = 2 },
            Block = bert.Block with { Norm = new LayerNormConfig { Epsilon = 1e-5 } },
        };
    }

    public override Encoder Build(Seed seed)
    {
        var model = new Encoder(this);
        Initialization.Apply(model, seed);
        return model;
    }
}
