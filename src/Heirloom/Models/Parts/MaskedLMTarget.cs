using Heirloom.Layers;
using Heirloom.Models.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>Hidden tokens, by a projection, an activation, a norm and the vocabulary (Devlin et al. 2019, §3.1).</summary>
[Kind("masked_lm")]
public sealed record MaskedLMTargetConfig : TargetConfig
{
    /// <summary>Of the projection.</summary>
    public Activation Activation { get; init; } = Activation.Gelu;

    public NormConfig Norm { get; init; } = new LayerNormConfig();

    /// <summary>Whether the vocabulary's weight is the word table.</summary>
    public bool Tied { get; init; } = true;

    internal override MaskedLMTarget Build(TargetPlace place) => new(this, place, TargetPlace.Require(place.Words, "masked_lm", "words"));
}

/// <inheritdoc cref="MaskedLMTargetConfig"/>
public sealed class MaskedLMTarget : VocabularyTarget
{
    private readonly MaskedLMTargetConfig _config;
    private readonly Func<Tensor> _table;

    [ComponentName(Name = "transform")]
    private readonly Linear _transform;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor> _norm;

    [ComponentName(Name = "head")]
    private readonly VocabularyHead _head;

    internal MaskedLMTarget(MaskedLMTargetConfig config, TargetPlace place, WordPart words) : base(nameof(MaskedLMTarget), config)
    {
        _config = config;
        _table = () => words.Table;
        var (vocabulary, width) = (words.VocabularySize, config.Tied ? words.Width : place.Width);
        _transform = Projections.Linear(place.Width, width, bias: true);
        _norm = config.Norm.Build(width);
        _head = new(config.Tied ? null : width, vocabulary, bias: true);
        RegisterComponents();
    }

    public override Tensor Head(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return _head.call(_norm.call(_config.Activation.Apply(_transform.call(hidden))), _table()).MoveToOuterDisposeScope();
    }
}
