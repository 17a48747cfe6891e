using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>How a row's two texts relate, of a tanh projection of the first vector: whether the second follows (Devlin et al. 2019), or in which order they stand (Lan et al. 2020, §3.1).</summary>
[Kind("sentence_pair")]
public sealed record SentencePairTargetConfig : TargetConfig
{
    /// <summary>Relations.</summary>
    [Range(2, int.MaxValue)]
    public int Classes { get; init; } = 2;

    /// <summary>Dropped share of what the classifier reads.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    internal override SentencePairTarget Build(TargetPlace place)
    {
        TargetPlace.Require(place.Words, "sentence_pair", "words");
        return new(this, place.Width);
    }
}

/// <inheritdoc cref="SentencePairTargetConfig"/>
public sealed class SentencePairTarget : Target
{
    [ComponentName(Name = "pooler")]
    private readonly Linear _pooler;

    private readonly double _dropout;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    internal SentencePairTarget(SentencePairTargetConfig config, int width) : base(nameof(SentencePairTarget), config)
    {
        _dropout = config.Dropout;
        _pooler = Projections.Linear(width, width, bias: true);
        _classifier = Projections.Linear(width, config.Classes, bias: true);
        RegisterComponents();
    }

    /// <param name="first"><c>[B, D]</c>: the first token's vector.</param>
    /// <returns><c>[B, C]</c> logits.</returns>
    public Tensor Relation(Tensor first)
    {
        using var scope = NewDisposeScope();
        var pooled = _pooler.call(first).tanh();
        return _classifier.call(Dropping.Apply(pooled, _dropout, training)).MoveToOuterDisposeScope();
    }
}

/// <summary>One label an input: pretraining on labelled data as UER's <c>cls</c>, or the task itself.</summary>
[Kind("classification")]
public sealed record ClassificationTargetConfig : TargetConfig, IExample<ClassificationTargetConfig>
{
    public static ClassificationTargetConfig Example => new() { Classes = 3 };

    [Range(1, int.MaxValue)]
    public required int Classes { get; init; }

    /// <summary>How a text's vectors become one; images have their own way (<see cref="PatchPartConfig.ClassToken"/>).</summary>
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>The activation of a projection before the classifier (tanh in UER and RoBERTa); null for none.</summary>
    public Activation? Transform { get; init; }

    /// <summary>Dropped share of what the projection and the classifier read.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    internal override ClassificationTarget Build(TargetPlace place) => new(this, place.Width);
}

/// <inheritdoc cref="ClassificationTargetConfig"/>
public sealed class ClassificationTarget : Target
{
    private readonly ClassificationTargetConfig _config;

    [ComponentName(Name = "transform")]
    private readonly Linear? _transform;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    internal ClassificationTarget(ClassificationTargetConfig config, int width) : base(nameof(ClassificationTarget), config)
    {
        _config = config;
        _transform = config.Transform is null ? null : Projections.Linear(width, width, bias: true);
        _classifier = Projections.Linear(width, config.Classes, bias: true);
        RegisterComponents();
    }

    /// <summary>How a text's vectors become one.</summary>
    public Pooling Pooling => _config.Pooling;

    /// <param name="pooled"><c>[B, D]</c></param>
    /// <returns><c>[B, C]</c> logits.</returns>
    public Tensor Classify(Tensor pooled)
    {
        using var scope = NewDisposeScope();
        pooled = _transform is null ? pooled : _config.Transform!.Value.Apply(_transform.call(Dropped(pooled)));
        return _classifier.call(Dropped(pooled)).MoveToOuterDisposeScope();
    }

    private Tensor Dropped(Tensor x) => Dropping.Apply(x, _config.Dropout, training);
}
