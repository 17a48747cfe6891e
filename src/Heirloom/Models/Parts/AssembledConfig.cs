using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Parts;

/// <summary>An embedding and an encoder, beside those of an <see cref="AssembledConfig"/>.</summary>
public sealed record SecondStreamConfig : IExample<SecondStreamConfig>
{
    public static SecondStreamConfig Example => new() { Embedding = EmbeddingsConfig.Example, Encoder = TransformerPartConfig.Example };

    public required EmbeddingsConfig Embedding { get; init; }

    public required EncoderPartConfig Encoder { get; init; }
}

/// <summary>
/// A model that is assembled of parts, each named by its kind: an embedding, an encoder, where it writes a target embedding and a decoder, and one or more targets
/// (Zhao et al. 2019, UER; Zhao et al. 2023, TencentPretrain). What it can do follows from them: it reads text (<see cref="AssembledText"/>), writes text
/// (<see cref="AssembledSequences"/>), sees (<see cref="AssembledImages"/>), hears (<see cref="AssembledAudio"/>) or compares texts with images (<see cref="AssembledPair"/>).
/// </summary>
public sealed record AssembledConfig : ModelConfig, IExamples<AssembledConfig>
{
    public static AssembledConfig Example => new()
    {
        Embedding = EmbeddingsConfig.Example,
        Encoder = TransformerPartConfig.Example,
        Targets = [new MaskedLMTargetConfig(), new SentencePairTargetConfig { Weight = 0.5 }],
    };

    public static IReadOnlyList<AssembledConfig> More => AssembledExamples.All;

    public required EmbeddingsConfig Embedding { get; init; }

    public required EncoderPartConfig Encoder { get; init; }

    /// <summary>What a decoder reads; null where it shares <see cref="Embedding"/>, or where there is no decoder.</summary>
    public EmbeddingsConfig? TargetEmbedding { get; init; }

    /// <summary>Writes what the encoder's vectors stand for; null for none. It sees the past only, and the encoder's vectors by cross-attention.</summary>
    public TransformerPartConfig? Decoder { get; init; }

    /// <summary>Images beside texts, for <c>contrast</c>; null for one stream.</summary>
    public SecondStreamConfig? Second { get; init; }

    /// <summary>What it is trained to tell, each kind once. One at most predicts tokens, since what one hides another would read.</summary>
    public required ImmutableArray<TargetConfig> Targets { get; init; }

    /// <summary>The id from which a decoder starts.</summary>
    [Range(0, int.MaxValue)]
    public int DecoderStart { get; init; }

    /// <summary>The id that stands for padding, in what a decoder reads.</summary>
    [Range(0, int.MaxValue)]
    public int PaddingToken { get; init; }

    /// <summary>How weights start, but for recurrent layers and convolutions, which start as published whatever this is.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig { ScaleResidual = false, Truncated = true };

    /// <exception cref="UserError">Parts do not fit each other: says which, and what would.</exception>
    public override AssembledModel Build(Seed seed)
    {
        if (Targets.GroupBy(t => t.GetType()).FirstOrDefault(g => g.Count() > 1)?.Key is { } twice)
        {
            throw new UserError($"{Settings.KindOf(twice)} comes twice", "targets", "each kind once");
        }

        if (Decoder is null && TargetEmbedding is not null)
        {
            throw new UserError("there is a target embedding and no decoder that reads it", "target_embedding", "add a decoder, or leave it out");
        }

        var reads = Embedding.Reads("embedding");
        AssembledModel model = (reads, Decoder, Second) switch
        {
            (Modality.Tokens, null, { } second) when second.Embedding.Reads("second.embedding") == Modality.Images => new AssembledPair(this),
            (_, _, not null) => throw new UserError("two streams are texts and, second, images, without a decoder", "second", "begin its embedding with patch"),
            (Modality.Tokens or Modality.Audio, not null, _) => new AssembledSequences(this),
            (_, not null, _) => throw new UserError("a decoder reads texts or recordings", "decoder", "leave it out; masked_pixels brings its own"),
            (Modality.Tokens, _, _) => new AssembledText(this),
            (Modality.Images, _, _) => new AssembledImages(this),
            _ => new AssembledAudio(this),
        };
        Initialization.Apply(model, seed);
        foreach (var (name, module) in model.named_modules())
        {
            (module as IOwnStart)?.Start(seed.For(name));
        }

        return model;
    }
}
