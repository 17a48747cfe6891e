using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>Which of several texts is right (multiple choice); the encoder is a token encoder.</summary>
public sealed record ChoiceScorerConfig : HeadConfig, IExample<ChoiceScorerConfig>
{
    public static ChoiceScorerConfig Example => new() { Encoder = EncoderConfig.Bert(32, 16, 16, 1, 2) with { Head = false, Pooler = true }, Pooling = Pooling.Pooler };

    public Pooling Pooling { get; init; } = Pooling.First;

    internal override int Outputs() => 1;

    /// <exception cref="UserError">The encoder reads no tokens, or has not the pooler asked for.</exception>
    public override ChoiceScorer Build(Seed seed) => Over(Backbone.Build<ITokenEncoder>(Encoder, seed), seed);

    internal ChoiceScorer Over(ITokenEncoder encoder, Seed seed)
    {
        var model = new ChoiceScorer(encoder, this);
        model.Initialize(seed);
        return model;
    }
}

/// <summary>Reads each choice by itself and scores it.</summary>
public sealed class ChoiceScorer : HeadModel<ITokenEncoder>, IModel
{
    private readonly Pooling _pooling;

    internal ChoiceScorer(ITokenEncoder encoder, ChoiceScorerConfig config) : base(nameof(ChoiceScorer), encoder, encoder.Width, config)
    {
        config.Pooling.Check(encoder, null);
        _pooling = config.Pooling;
        RegisterComponents();
    }

    /// <summary>A new head over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="seed">Of the head's weights.</param>
    /// <param name="pooling">How a choice's vectors become one.</param>
    /// <param name="dropout">Dropped share of the pooled vector.</param>
    /// <exception cref="UserError">The encoder has not the pooler asked for.</exception>
    public static ChoiceScorer Over(ITokenEncoder encoder, Seed seed, Pooling pooling = Pooling.First, double dropout = 0) =>
        new ChoiceScorerConfig { Encoder = encoder.Config, Pooling = pooling, Dropout = dropout }.Over(encoder, seed);

    /// <param name="choices">With one dimension more than usual: ids, mask and token types are <c>[B, C, T]</c>.</param>
    /// <returns><c>[B, C]</c> logits over the choices.</returns>
    public Tensor Choose(TokenInputs choices)
    {
        using var scope = NewDisposeScope();
        var flat = new TokenInputs(choices.Ids.flatten(0, 1)) { Mask = choices.Mask?.flatten(0, 1), TokenTypes = choices.TokenTypes?.flatten(0, 1) };
        return Score(_pooling.Apply(Encoder, Encoder.Encode(flat), flat, null)).view(choices.Ids.shape[0], -1).MoveToOuterDisposeScope();
    }
}
