using System.ComponentModel.DataAnnotations;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>One label for each token; the encoder is a token encoder: any language model.</summary>
public sealed record TokenClassifierConfig : HeadConfig, IExample<TokenClassifierConfig>
{
    public static TokenClassifierConfig Example => new() { Encoder = DecoderConfig.Gpt2(32, 16, 16, 1, 2), Classes = 3 };

    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    internal override int Outputs() => Classes;

    /// <exception cref="UserError">The encoder reads no tokens.</exception>
    public override TokenClassifier Build(Seed seed) => Over(Backbone.Build<ITokenEncoder>(Encoder, seed), seed);

    internal TokenClassifier Over(ITokenEncoder encoder, Seed seed)
    {
        var model = new TokenClassifier(encoder, this);
        model.Initialize(seed);
        return model;
    }
}

/// <summary>Classifies each of a token encoder's vectors.</summary>
public sealed class TokenClassifier : HeadModel<ITokenEncoder>, IClassifier<TokenInputs>
{
    internal TokenClassifier(ITokenEncoder encoder, TokenClassifierConfig config) : base(nameof(TokenClassifier), encoder, encoder.Width, config)
    {
        Classes = config.Classes;
        RegisterComponents();
    }

    /// <summary>A new classifier over a pretrained encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="classes">Outputs.</param>
    /// <param name="seed">Of the classifier's weights.</param>
    /// <param name="dropout">Dropped share of the vectors.</param>
    public static TokenClassifier Over(ITokenEncoder encoder, int classes, Seed seed, double dropout = 0) =>
        new TokenClassifierConfig { Encoder = encoder.Config, Classes = classes, Dropout = dropout }.Over(encoder, seed);

    public int Classes { get; }

    /// <returns><c>[B, T, C]</c></returns>
    public Tensor Classify(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        return Score(Encoder.Encode(inputs)).MoveToOuterDisposeScope();
    }
}
