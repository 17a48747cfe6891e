using System.ComponentModel.DataAnnotations;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>One label (or number) for a sequence; the encoder is a token encoder: any language model.</summary>
public sealed record SequenceClassifierConfig : HeadConfig, IExample<SequenceClassifierConfig>
{
    public static SequenceClassifierConfig Example => new() { Encoder = DecoderConfig.Llama(32, 16, 16, 1, 2), Classes = 3, Pooling = Pooling.Last };

    /// <summary>Outputs; 1 for regression.</summary>
    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>
    /// With <see cref="Pooling.Last"/>: the token that is padding wherever it stands, whatever a mask says; null where the mask says what is padding.
    /// With <see cref="Pooling.End"/>: the token that ends a sequence, required. No other pooling reads it.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int? PoolingToken { get; init; }

    internal override int Outputs() => Classes;

    /// <exception cref="UserError">The encoder reads no tokens, or has not the pooler asked for.</exception>
    public override SequenceClassifier Build(Seed seed) => Over(Backbone.Build<ITokenEncoder>(Encoder, seed), seed);

    internal SequenceClassifier Over(ITokenEncoder encoder, Seed seed)
    {
        var model = new SequenceClassifier(encoder, this);
        model.Initialize(seed);
        return model;
    }
}

/// <summary>Pools a token encoder's vectors and classifies the result.</summary>
public sealed class SequenceClassifier : HeadModel<ITokenEncoder>, IClassifier<TokenInputs>
{
    private readonly SequenceClassifierConfig _config;

    internal SequenceClassifier(ITokenEncoder encoder, SequenceClassifierConfig config) : base(nameof(SequenceClassifier), encoder, encoder.Width, config)
    {
        config.Pooling.Check(encoder, config.PoolingToken);
        _config = config;
        RegisterComponents();
    }

    /// <summary>A new classifier over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="classes">Outputs; 1 for regression.</param>
    /// <param name="seed">Of the classifier's weights.</param>
    /// <param name="pooling">How a sequence's vectors become one.</param>
    /// <param name="dropout">Dropped share of the pooled vector.</param>
    /// <exception cref="UserError">The encoder has not the pooler asked for.</exception>
    public static SequenceClassifier Over(ITokenEncoder encoder, int classes, Seed seed, Pooling pooling = Pooling.Mean, double dropout = 0) =>
        new SequenceClassifierConfig { Encoder = encoder.Config, Classes = classes, Pooling = pooling, Dropout = dropout }.Over(encoder, seed);

    public int Classes => _config.Classes;

    /// <returns><c>[B, C]</c></returns>
    public Tensor Classify(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        return Score(_config.Pooling.Apply(Encoder, Encoder.Encode(inputs), inputs, _config.PoolingToken)).MoveToOuterDisposeScope();
    }
}
