using System.ComponentModel.DataAnnotations;
using Heirloom.Models.Text;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>The next token; of a decoder's vectors where there is one.</summary>
[Kind("causal_lm")]
public sealed record CausalLMTargetConfig : TargetConfig
{
    /// <summary>Whether the vocabulary's weight is the word table.</summary>
    public bool Tied { get; init; }

    public bool Bias { get; init; }

    /// <summary>Factor on the vectors (1/√width in T5 where tied).</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double Scale { get; init; } = 1;

    /// <summary>Whether a prefix of random length is seen from everywhere and not predicted (Liu et al. 2018; Raffel et al. 2020, §3.2.3).</summary>
    public bool Prefix { get; init; }

    /// <exception cref="UserError">The vectors have seen what is to be predicted, or the tied table has another width.</exception>
    internal override CausalLMTarget Build(TargetPlace place)
    {
        var words = TargetPlace.Require(place.Words, "causal_lm", "words");
        return place.Sight != Sight.Past ? throw new UserError("the encoder sees the tokens that causal_lm predicts", "targets", "choose an encoder that reads forward (causal: true, direction: forward), or another target")
            : Tied && words.Width != place.Width ? throw new UserError($"words of width {words.Width} do not fit vectors of width {place.Width}", "targets", "tied: false")
            : new(this, place, words);
    }
}

/// <inheritdoc cref="CausalLMTargetConfig"/>
public sealed class CausalLMTarget : VocabularyTarget
{
    private readonly CausalLMTargetConfig _config;
    private readonly Func<Tensor> _table;

    [ComponentName(Name = "head")]
    private readonly VocabularyHead _head;

    internal CausalLMTarget(CausalLMTargetConfig config, TargetPlace place, WordPart words) : base(nameof(CausalLMTarget), config)
    {
        _config = config;
        _table = () => words.Table;
        _head = new(config.Tied ? null : place.Width, words.VocabularySize, config.Bias);
        RegisterComponents();
    }

    /// <summary>Whether it draws prefixes.</summary>
    public bool Prefix => _config.Prefix;

    public override Tensor Head(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return _head.call(_config.Scale == 1 ? hidden : hidden.mul(_config.Scale), _table()).MoveToOuterDisposeScope();
    }
}

/// <summary>The next token from what stands before it and the one before from what stands after it, by one vocabulary (Peters et al. 2018, ELMo, §3.1).</summary>
[Kind("bidirectional_lm")]
public sealed record BidirectionalLMTargetConfig : TargetConfig
{
    public bool Bias { get; init; } = true;

    /// <exception cref="UserError">The encoder's directions meet.</exception>
    internal override BidirectionalLMTarget Build(TargetPlace place) => place.Sight == Sight.Halves
        ? new(this, place, TargetPlace.Require(place.Words, "bidirectional_lm", "words"))
        : throw new UserError("bidirectional_lm needs two directions that do not meet", "targets", "encoder: { kind: recurrent, direction: separate }");
}

/// <inheritdoc cref="BidirectionalLMTargetConfig"/>
public sealed class BidirectionalLMTarget : VocabularyTarget
{
    private readonly int _half;

    [ComponentName(Name = "head")]
    private readonly VocabularyHead _head;

    internal BidirectionalLMTarget(BidirectionalLMTargetConfig config, TargetPlace place, WordPart words) : base(nameof(BidirectionalLMTarget), config)
    {
        _half = place.Width / 2;
        _head = new(_half, words.VocabularySize, config.Bias);
        RegisterComponents();
    }

    /// <summary>The next token: a language model of the forward direction.</summary>
    public override Tensor Head(Tensor hidden) => Of(hidden, 0);

    /// <summary>The token before.</summary>
    /// <inheritdoc cref="Head"/>
    public Tensor Before(Tensor hidden) => Of(hidden, _half);

    private Tensor Of(Tensor hidden, long start)
    {
        using var scope = NewDisposeScope();
        var half = hidden.narrow(-1, start, _half);
        return _head.call(half, half).MoveToOuterDisposeScope();
    }
}
