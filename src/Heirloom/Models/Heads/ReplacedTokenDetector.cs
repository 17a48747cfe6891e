using Heirloom.Layers;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Models.Heads;

/// <summary>Which tokens were replaced by a generator's (Clark et al. 2020, ELECTRA, section 2); the encoder is a token encoder.</summary>
public sealed record ReplacedTokenDetectorConfig : HeadConfig, IExample<ReplacedTokenDetectorConfig>
{
    public static ReplacedTokenDetectorConfig Example => new() { Encoder = EncoderConfig.Electra(32, 16, 16, 1, 2, embedding: 8) with { Head = false }, Transform = Activation.Gelu };

    internal override int Outputs() => 1;

    /// <exception cref="UserError">The encoder reads no tokens.</exception>
    public override ReplacedTokenDetector Build(Seed seed) => Over(Backbone.Build<ITokenEncoder>(Encoder, seed), seed);

    internal ReplacedTokenDetector Over(ITokenEncoder encoder, Seed seed)
    {
        var model = new ReplacedTokenDetector(encoder, this);
        model.Initialize(seed);
        return model;
    }
}

/// <summary>ELECTRA's discriminator: scores every token as replaced.</summary>
public sealed class ReplacedTokenDetector : HeadModel<ITokenEncoder>, IModel
{
    internal ReplacedTokenDetector(ITokenEncoder encoder, ReplacedTokenDetectorConfig config) : base(nameof(ReplacedTokenDetector), encoder, encoder.Width, config) =>
        RegisterComponents();

    /// <summary>A new head over an encoder, which becomes part of it.</summary>
    /// <param name="encoder">Keeps its weights.</param>
    /// <param name="seed">Of the head's weights.</param>
    public static ReplacedTokenDetector Over(ITokenEncoder encoder, Seed seed) =>
        new ReplacedTokenDetectorConfig { Encoder = encoder.Config, Transform = Activation.Gelu }.Over(encoder, seed);

    /// <returns><c>[B, T]</c> logits of being replaced.</returns>
    public Tensor Detect(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        return Score(Encoder.Encode(inputs)).squeeze(-1).MoveToOuterDisposeScope();
    }
}
