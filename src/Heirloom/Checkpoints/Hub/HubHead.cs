using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;

namespace Heirloom.Checkpoints.Hub;

/// <summary>What one of a family's architectures has on top of the backbone, and what the hub calls it.</summary>
/// <param name="Task">End of the architecture's name: <c>ForMaskedLM</c>.</param>
public sealed record HubHead(string Task)
{
    /// <summary>Settings of the classifier on top; null where there is none.</summary>
    public Type? Kind { get; private init; }

    /// <summary>Whether its files have the backbone's vocabulary head.</summary>
    public bool Vocabulary { get; init; }

    /// <summary>Whether its files have the backbone's pooler.</summary>
    public bool Pooler { get; init; }

    /// <summary>Beginning of the backbone's tensors, where it is not the family's.</summary>
    public string? Prefix { get; init; }

    /// <summary>Name of the classifier.</summary>
    public string Classifier { get; init; } = "classifier";

    /// <summary>Whether the classifier has a bias.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Whether vectors are dropped out before it in training.</summary>
    public bool Dropout { get; init; } = true;

    /// <summary>Name of the projection before the classifier, and its activation (null for the layers'); null for none.</summary>
    public (string Name, Activation? Activation)? Transform { get; init; }

    /// <summary>How a sequence's vectors become one, for classifiers of sequences.</summary>
    public Pooling Pooling { get; private init; }

    /// <summary>The configuration's key of the token by which the classifier pools, and its default; null for none.</summary>
    public (string Key, int? Otherwise)? PoolingToken { get; init; }

    /// <summary>Whether it is the backbone without anything on top, whose names have no prefix.</summary>
    public bool IsBare => Kind is null && !Vocabulary;

    /// <summary>The backbone alone.</summary>
    /// <param name="pooler">Whether it has a pooler.</param>
    public static HubHead Bare(bool pooler = false) => new("Model") { Pooler = pooler };

    /// <summary>The backbone with its vocabulary head.</summary>
    public static HubHead Language(string task) => new(task) { Vocabulary = true };

    /// <summary>A class of the whole sequence.</summary>
    public static HubHead Sequence(Pooling pooling, string task = "ForSequenceClassification") =>
        new(task) { Kind = typeof(SequenceClassifierConfig), Pooling = pooling, Pooler = pooling == Pooling.Pooler };

    /// <summary>A class of each token.</summary>
    public static HubHead Tokens() => new("ForTokenClassification") { Kind = typeof(TokenClassifierConfig) };

    /// <summary>First and last token of an answer (Devlin et al. 2019, section 4.2).</summary>
    public static HubHead Spans() => new("ForQuestionAnswering") { Kind = typeof(SpanExtractorConfig), Classifier = "qa_outputs", Dropout = false };

    /// <summary>A score of each choice (Devlin et al. 2019, section 4.4).</summary>
    public static HubHead Choices(Pooling pooling) =>
        new("ForMultipleChoice") { Kind = typeof(ChoiceScorerConfig), Pooling = pooling, Pooler = pooling == Pooling.Pooler };

    /// <summary>Relation of two sentences, and masked tokens where <paramref name="vocabulary"/>.</summary>
    public static HubHead Pairs(string task, string classifier, bool vocabulary) =>
        new(task) { Kind = typeof(SentencePairLMConfig), Classifier = classifier, Vocabulary = vocabulary, Pooler = true, Dropout = false };

    /// <summary>Whether each token has been replaced (Clark et al. 2020), over a projection with the layers' activation.</summary>
    public static HubHead Detector(string transform, string classifier) =>
        new("ForPreTraining") { Kind = typeof(ReplacedTokenDetectorConfig), Classifier = classifier, Transform = (transform, null), Dropout = false };

    /// <summary>The head's settings over a backbone.</summary>
    internal ModelConfig Read(HubConfig config, ModelConfig backbone, double dropout)
    {
        if (Kind is null)
        {
            return backbone;
        }

        var pooling = Pooling;
        HeadConfig head = Kind switch
        {
            var k when k == typeof(SequenceClassifierConfig) => new SequenceClassifierConfig
            {
                Encoder = backbone, Classes = config.Classes(), Pooling = pooling, PoolingToken = PoolingToken is var (key, otherwise) ? config.CountOrNull(key) ?? otherwise : null,
            },
            var k when k == typeof(TokenClassifierConfig) => new TokenClassifierConfig { Encoder = backbone, Classes = config.Classes() },
            var k when k == typeof(SpanExtractorConfig) => new SpanExtractorConfig { Encoder = backbone },
            var k when k == typeof(ChoiceScorerConfig) => new ChoiceScorerConfig { Encoder = backbone, Pooling = pooling },
            var k when k == typeof(SentencePairLMConfig) => new SentencePairLMConfig { Encoder = backbone },
            _ => new ReplacedTokenDetectorConfig { Encoder = backbone },
        };
        Activation? activation = Transform is var (_, own) ? own ?? config.Choice("hidden_act", "gelu", HubBlocks.Activations) : null;
        return head with { Transform = activation, Bias = Bias, Dropout = Dropout ? dropout : 0 };
    }

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    internal void Write(HeadConfig config, JsonObject json)
    {
        if (config is SequenceClassifierConfig or TokenClassifierConfig)
        {
            HubBlocks.WriteLabels(json, config.Outputs());
        }

        if (PoolingToken is var (key, _) && config is SequenceClassifierConfig { PoolingToken: { } token })
        {
            json[key] = token;
        }
    }

    /// <summary>Whether these settings are of this head.</summary>
    internal bool Fits(HeadConfig config) => config.GetType() == Kind && config.Transform is not null == Transform is not null
        && config.Transform == (Transform?.Activation ?? config.Transform) && config.Bias == Bias && config switch
    {
        SequenceClassifierConfig sequence => sequence.Pooling == Pooling,
        ChoiceScorerConfig choice => choice.Pooling == Pooling,
        _ => true,
    };

    /// <summary>Names of the classifier's tensors.</summary>
    internal void AddTo(KeyMap map, HeadConfig config, long width)
    {
        if (Transform is var (name, _))
        {
            map.AddLinear("classifier_transform", name, width, width, bias: true);
        }

        map.AddLinear("classifier", Classifier, width, config.Outputs(), Bias);
    }
}
