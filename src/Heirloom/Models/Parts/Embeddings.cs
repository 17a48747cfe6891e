using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>Inputs to vectors: one part reads, the others add to what it makes.</summary>
public sealed record EmbeddingsConfig : IExample<EmbeddingsConfig>
{
    public static EmbeddingsConfig Example => new()
    {
        Width = 16,
        ContextLength = 16,
        Parts = [WordPartConfig.Example, new PositionPartConfig(), new SegmentPartConfig()],
        Norm = new LayerNormConfig(),
    };

    /// <summary>Of the parts' vectors.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    /// <summary>The first reads inputs; each kind once.</summary>
    public required ImmutableArray<EmbeddingPartConfig> Parts { get; init; }

    /// <summary>Longest sequence of tokens; null for no bound, which learned positions need.</summary>
    [Range(1, int.MaxValue)]
    public int? ContextLength { get; init; }

    /// <summary>How the sum is normalized; null where it is not.</summary>
    public NormConfig? Norm { get; init; }

    /// <summary>Dropped share of the sum.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>Width to which a projection leads at last (Lan et al. 2020, ALBERT, §3.1); null for none.</summary>
    [Range(1, int.MaxValue)]
    public int? OutputWidth { get; init; }

    /// <summary>Longest sequence of vectors; null for no bound.</summary>
    internal int? Places() => Parts[0].Places ?? ContextLength;

    /// <summary>What is read.</summary>
    /// <exception cref="UserError">The first part reads nothing, another one does too, or a kind comes twice.</exception>
    internal Modality Reads(string name)
    {
        var twice = Parts.GroupBy(p => p.GetType()).FirstOrDefault(g => g.Count() > 1)?.Key;
        return Parts.IsDefaultOrEmpty || Parts[0].Reads is not { } reads
            ? throw new UserError("the first part makes no vectors", $"{name}.parts", "begin with word, patch or speech")
            : Parts.Skip(1).Any(p => p.Reads is not null) ? throw new UserError("two parts read", $"{name}.parts", "one of word, patch and speech, then position and segment")
            : twice is not null ? throw new UserError($"{Settings.KindOf(twice)} comes twice", $"{name}.parts", "each kind once")
            : reads;
    }
}

/// <inheritdoc cref="EmbeddingsConfig"/>
public sealed class Embeddings : nn.Module
{
    private readonly EmbeddingsConfig _config;
    private readonly List<EmbeddingPart> _parts;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor>? _norm;

    [ComponentName(Name = "projection")]
    private readonly Linear? _projection;

    internal Embeddings(EmbeddingsConfig config) : base(nameof(Embeddings))
    {
        _config = config;
        _norm = config.Norm?.Build(config.Width);
        _projection = config.OutputWidth is { } width ? Projections.Linear(config.Width, width, bias: true) : null;
        RegisterComponents();
        _parts = [.. config.Parts.Select(p => p.Build(config))];
        foreach (var (part, built) in config.Parts.Zip(_parts))
        {
            register_module(Settings.KindOf(part.GetType()), built);
        }
    }

    public EmbeddingsConfig Config => _config;

    /// <summary>Of what comes out.</summary>
    public int Width => _config.OutputWidth ?? _config.Width;

    /// <summary>The part of a type; null where there is none.</summary>
    public TPart? Find<TPart>() where TPart : EmbeddingPart => _parts.OfType<TPart>().FirstOrDefault();

    /// <exception cref="UserError">Inputs of another kind, longer than the context, or with token types that the model lacks.</exception>
    internal StreamState Embed(StreamInputs inputs)
    {
        if (inputs.Tokens is { } tokens)
        {
            Check(tokens, inputs.Start);
        }

        StreamState? state = null;
        foreach (var part in _parts)
        {
            state = part.Apply(inputs, state);
        }

        var x = state!.Vectors;
        if (inputs.VisiblePatches is { } visible)
        {
            var first = _config.Parts[0] is PatchPartConfig { ClassToken: true } ? 1 : 0;
            var seen = x.narrow(1, first, x.shape[1] - first).gather(1, visible.unsqueeze(2).expand(-1, -1, x.shape[2]));
            x = first > 0 ? cat([x.narrow(1, 0, 1), seen], 1) : seen;
        }

        x = _norm?.call(x) ?? x;
        x = Dropping.Apply(x, _config.Dropout, training);
        return state with { Vectors = _projection?.call(x) ?? x };
    }

    private void Check(TokenInputs tokens, long start)
    {
        if (_config.ContextLength is { } longest && start + tokens.Ids.shape[1] > longest)
        {
            throw new UserError($"a sequence of {start + tokens.Ids.shape[1]} tokens does not fit a context of {longest}", mend: "shorten it or build the model with a longer context_length");
        }

        if (tokens.TokenTypes is not null && Find<SegmentPart>() is null)
        {
            throw new UserError("the model has no token types", mend: "leave them away, or add a segment part to its embedding");
        }
    }
}
