using System.Collections.Immutable;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// What every dimension of a model's every weight runs over: the one description that all ways of growing share. A method says what becomes of an axis (or of two
/// layers) and not what becomes of each weight.
/// </summary>
public sealed class ModelAxes
{
    private const string Encoder = "encoder.";
    private readonly ModelConfig _inner;
    private readonly string? _bare;
    private readonly bool _relative, _narrow;
    private readonly QueryKeyNorm _queryKeyNorm;

    /// <exception cref="UserError">Growing does not cover the family, or one of its weights.</exception>
    public ModelAxes(IModel model)
    {
        Size = ModelSize.Of(model.Config);
        var (prefix, outer) = ("", model.Config as HeadConfig);
        _inner = model.Config;
        while (_inner is HeadConfig head)
        {
            (_inner, prefix) = (head.Encoder, prefix + Encoder);
        }

        var positions = (_inner as DecoderConfig)?.Positions ?? (_inner as EncoderConfig)?.Positions;
        _relative = positions is RelativePositionsConfig;
        HasAlibi = positions is AlibiPositionsConfig;
        _narrow = _inner is EncoderConfig { EmbeddingWidth: not null };
        _queryKeyNorm = Block.Attention.QueryKeyNorm;
        TiedNorm = Tied(prefix, outer is not null);
        _bare = TiedNorm is null || _inner is not DecoderConfig ? null : outer?.Transform is null ? "classifier.weight" : "classifier_transform.weight";
        Weights = model.Module.state_dict().Select(w => Describe(w.Key, w.Value.shape)).ToImmutableDictionary(w => w.Name);
    }

    public ModelSize Size { get; }

    /// <summary>By name.</summary>
    public ImmutableDictionary<string, WeightAxes> Weights { get; }

    /// <summary>
    /// The beginning of the names of the norm whose output a tied head multiplies by the embedding; null where there is none. The embedding's columns are copied and not
    /// divided, so that copies would count several times: what leaves this norm is divided instead, which is the same function and survives in every format.
    /// </summary>
    public string? TiedNorm { get; }

    /// <summary>The axes over which norms take their statistics, heads' own coordinates apart.</summary>
    public IReadOnlyList<Axis> NormedAxes => [.. Weights.Values.Where(w => w.Role == WeightRole.Norm).Select(w => w.Dimensions[0].Axis).Distinct().Where(a => a != Axis.Fixed).Order()];

    /// <summary>Whether slopes of its positions depend on the number of heads.</summary>
    public bool HasAlibi { get; }

    /// <summary>Each layer's form.</summary>
    public TransformerBlockConfig Block => _inner switch
    {
        DecoderConfig decoder => decoder.Block,
        EncoderConfig encoder => encoder.Block,
        _ => ((VisionTransformerConfig)_inner).Block,
    };

    private string? Tied(string prefix, bool headed)
    {
        var last = prefix + (Block.Placement == NormPlacement.Post ? $"layers.{Size.Layers - 1}.feed_forward_norm." : "norm.");
        return _inner switch
        {
            DecoderConfig { Head: true, TieEmbeddings: true } => last,
            EncoderConfig { Head: true, TieEmbeddings: true, HeadTransform: true, EmbeddingWidth: null } => $"{prefix}head_norm.",
            EncoderConfig { Head: true, TieEmbeddings: true, HeadTransform: false } encoder => headed || encoder.Pooler
                ? throw new UserError("the vocabulary's tied head and a classifier read the same vector, which growing would have to scale for one of them", "model", "grow it without its classifier")
                : last,
            _ => null,
        };
    }

    private WeightAxes Describe(string name, long[] shape)
    {
        var local = name;
        while (local.StartsWith(Encoder, StringComparison.Ordinal))
        {
            local = local[Encoder.Length..];
        }

        var axes = new WeightAxes(local, default, []) is { Layer: not null } inner ? InLayer(name, inner.Part) : Outside(name, local);
        return axes is not null && axes.Dimensions.Length == shape.Length && axes.Dimensions.Zip(shape).All(d => d.First.Axis == Axis.Fixed || (long)Size[d.First.Axis] * d.First.Unit == d.Second)
            ? axes
            : throw new UserError($"growing does not know what it runs over ([{string.Join(",", shape)}])", name, "grow the model without it");
    }

    private WeightAxes? InLayer(string name, string part)
    {
        var (queries, keys) = (new WeightAxis(Axis.Heads, Size.HeadWidth), new WeightAxis(Axis.KeyHeads, Size.HeadWidth));
        return part switch
        {
            "attention.query.weight" => Projection(name, queries, Width),
            "attention.key.weight" or "attention.value.weight" => Projection(name, keys, Width),
            "attention.output.weight" => Projection(name, Width, queries),
            "attention.query.bias" => Vector(name, WeightRole.Bias, queries),
            "attention.key.bias" or "attention.value.bias" => Vector(name, WeightRole.Bias, keys),
            "attention.query_norm.weight" or "attention.query_norm.bias" => Vector(name, WeightRole.Norm, _queryKeyNorm == QueryKeyNorm.All ? queries : Fixed),
            "attention.key_norm.weight" or "attention.key_norm.bias" => Vector(name, WeightRole.Norm, _queryKeyNorm == QueryKeyNorm.All ? keys : Fixed),
            "feed_forward.up.weight" or "feed_forward.gate.weight" => Projection(name, FeedForward, Width),
            "feed_forward.up.bias" or "feed_forward.gate.bias" => Vector(name, WeightRole.Bias, FeedForward),
            "feed_forward.down.weight" => Projection(name, Width, FeedForward),
            "attention.output.bias" or "feed_forward.down.bias" => Vector(name, WeightRole.Bias, Width),
            _ when part.EndsWith("_norm.weight", StringComparison.Ordinal) || part.EndsWith("_norm.bias", StringComparison.Ordinal) => Vector(name, WeightRole.Norm, Width),
            _ => null,
        };
    }

    private WeightAxes? Outside(string name, string local)
    {
        var embedded = _narrow ? Fixed : Width;
        return local switch
        {
            "embedding.weight" => Table(name, new(Axis.Vocabulary), embedded),
            "positions.weight" => Table(name, Fixed, _relative ? new(Axis.Heads) : embedded),
            "token_types.weight" => Table(name, Fixed, embedded),
            "embedding_norm.weight" or "embedding_norm.bias" or "head_norm.weight" or "head_norm.bias" => Vector(name, WeightRole.Norm, embedded),
            "embedding_projection.weight" => Projection(name, Width, embedded),
            "embedding_projection.bias" or "patches.bias" or "pooler.bias" or "classifier_transform.bias" => Vector(name, WeightRole.Bias, Width),
            "norm.weight" or "norm.bias" => Vector(name, WeightRole.Norm, Width),
            "head_transform.weight" => Projection(name, embedded, Width),
            "head_transform.bias" => Vector(name, WeightRole.Bias, embedded),
            "head.weight" => Table(name, new(Axis.Vocabulary), embedded with { Summed = embedded.Axis != Axis.Fixed }),
            "head.bias" => Vector(name, WeightRole.Bias, new(Axis.Vocabulary)),
            "patches.weight" => Table(name, Width, Fixed, Fixed, Fixed),
            "positions" or "class_token" => Table(name, Fixed, Fixed, Width),
            "pooler.weight" => Projection(name, Width, Width),
            // what reads the vector that a tied head reads gets it divided already
            "classifier_transform.weight" => new(name, WeightRole.Projection, [Width, Width with { Summed = name != _bare }]),
            "classifier.weight" => new(name, WeightRole.Projection, [Fixed, Width with { Summed = name != _bare }]),
            "classifier.bias" => Vector(name, WeightRole.Bias, Fixed),
            _ => null,
        };
    }

    private static WeightAxis Fixed => new(Axis.Fixed);

    private static WeightAxis Width => new(Axis.Width);

    private static WeightAxis FeedForward => new(Axis.FeedForward);

    private static WeightAxes Projection(string name, WeightAxis outputs, WeightAxis inputs) =>
        new(name, WeightRole.Projection, [outputs, inputs with { Summed = inputs.Axis != Axis.Fixed }]);

    private static WeightAxes Vector(string name, WeightRole role, WeightAxis dimension) => new(name, role, [dimension]);

    private static WeightAxes Table(string name, params ImmutableArray<WeightAxis> dimensions) => new(name, WeightRole.Table, dimensions);
}
