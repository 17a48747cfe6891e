using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>A vector for each token.</summary>
[Kind("word")]
public sealed record WordPartConfig : EmbeddingPartConfig, IExample<WordPartConfig>
{
    public static WordPartConfig Example => new() { VocabularySize = 32 };

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    /// <summary>Factor on vectors (√width beside sinusoidal positions; Vaswani et al. 2017, §3.4).</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double Scale { get; init; } = 1;

    internal override Modality? Reads => Modality.Tokens;

    internal override WordPart Build(EmbeddingsConfig embeddings) => new(this, embeddings.Width);
}

/// <inheritdoc cref="WordPartConfig"/>
public sealed class WordPart : EmbeddingPart
{
    private readonly double _scale;

    [ComponentName(Name = "table")]
    private readonly Embedding _table;

    internal WordPart(WordPartConfig config, int width) : base(nameof(WordPart))
    {
        _scale = config.Scale;
        _table = Projections.Embedding(config.VocabularySize, width);
        RegisterComponents();
    }

    /// <summary><c>[V, D]</c></summary>
    public Tensor Table => _table.weight!;

    public int VocabularySize => (int)Table.shape[0];

    /// <summary>Of a word's vector.</summary>
    public int Width => (int)Table.shape[1];

    internal override StreamState Apply(StreamInputs inputs, StreamState? state)
    {
        var tokens = inputs.Tokens ?? throw new UserError("the model reads tokens", mend: "give it text");
        var vectors = _table.call(tokens.Ids);
        return new(_scale == 1 ? vectors : vectors.mul(_scale)) { Mask = tokens.Mask, Segments = tokens.Segments, PrefixLengths = tokens.PrefixLengths };
    }
}

/// <summary>A vector for each of a text's sentences, A or B.</summary>
[Kind("segment")]
public sealed record SegmentPartConfig : EmbeddingPartConfig
{
    /// <summary>Token types; a token without one has type 0.</summary>
    [Range(1, int.MaxValue)]
    public int Types { get; init; } = 2;

    internal override SegmentPart Build(EmbeddingsConfig embeddings) => new(this, embeddings.Width);
}

/// <inheritdoc cref="SegmentPartConfig"/>
public sealed class SegmentPart : EmbeddingPart
{
    [ComponentName(Name = "table")]
    private readonly Embedding _table;

    internal SegmentPart(SegmentPartConfig config, int width) : base(nameof(SegmentPart))
    {
        _table = Projections.Embedding(config.Types, width);
        RegisterComponents();
    }

    internal override StreamState Apply(StreamInputs inputs, StreamState? state)
    {
        var tokens = inputs.Tokens ?? throw new UserError("token types belong to tokens", mend: "give the model text");
        var before = Before(state);
        return before with { Vectors = before.Vectors.add(_table.call(tokens.TokenTypes ?? zeros_like(tokens.Ids)), KeptScalar.One) };
    }
}
