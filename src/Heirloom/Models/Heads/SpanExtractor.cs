using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>Where an answer begins and ends in a text (Devlin et al. 2019, section 4.2); the encoder is a token encoder.</summary>
public sealed record SpanExtractorConfig : HeadConfig, IExample<SpanExtractorConfig>
{
    public static SpanExtractorConfig Example => new() { Encoder = EncoderConfig.Bert(32, 16, 16, 1, 2) with { Head = false } };

    internal override int Outputs() => 2;

    /// <exception cref="UserError">The encoder reads no tokens.</exception>
    public override SpanExtractor Build(Seed seed) => Over(Backbone.Build<ITokenEncoder>(Encoder, seed), seed);

    internal SpanExtractor Over(ITokenEncoder encoder, Seed seed)
    {
        var model = new SpanExtractor(encoder, this);
        model.Initialize(seed);
        return model;
    }
}

/// <summary>Scores every token as the first and as the last of the answer.</summary>
public sealed class SpanExtractor : HeadModel<ITokenEncoder>, IModel
{
    internal SpanExtractor(ITokenEncoder encoder, SpanExtractorConfig config) : base(nameof(SpanExtractor), encoder, encoder.Width, config) => RegisterComponents();

    /// <summary>A new head over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="seed">Of the head's weights.</param>
    /// <param name="dropout">Dropped share of the vectors.</param>
    public static SpanExtractor Over(ITokenEncoder encoder, Seed seed, double dropout = 0) =>
        new SpanExtractorConfig { Encoder = encoder.Config, Dropout = dropout }.Over(encoder, seed);

    /// <returns><c>[B, T, 2]</c> logits: of being the first token of the answer, and the last.</returns>
    public Tensor Spans(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        return Score(Encoder.Encode(inputs)).MoveToOuterDisposeScope();
    }
}
