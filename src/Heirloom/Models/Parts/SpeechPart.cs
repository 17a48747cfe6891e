using Heirloom.Models.Speech;
using TorchSharp.Utils;

namespace Heirloom.Models.Parts;

/// <summary>Frames that convolutions make of a waveform, with the convolution that tells their positions: a speech encoder without layers.</summary>
[Kind("speech")]
public sealed record SpeechPartConfig : EmbeddingPartConfig, IExample<SpeechPartConfig>
{
    public static SpeechPartConfig Example => new() { Frames = SpeechEncoderConfig.Example with { Layers = 0 } };

    /// <summary>Its <c>layers</c> are 0; where its block's norms stand after branches, frames are normalized last.</summary>
    public required SpeechEncoderConfig Frames { get; init; }

    internal override Modality? Reads => Modality.Audio;

    /// <exception cref="UserError">Frames of another width, or layers and adapters that belong behind the encoder.</exception>
    internal override SpeechPart Build(EmbeddingsConfig embeddings)
    {
        if (Frames.Layers > 0 || Frames.Adapter is not null || Frames.LanguageAdapterWidth is not null)
        {
            throw new UserError("the embedding makes frames, and the encoder puts them in context", "frames", "layers: 0, and no adapters");
        }

        return Frames.Block.Width == embeddings.Width
            ? new(Frames.Build(new(0)))
            : throw new UserError($"frames are {Frames.Block.Width} wide and the embedding {embeddings.Width}", "frames.block.width", "make them equal");
    }
}

/// <inheritdoc cref="SpeechPartConfig"/>
public sealed class SpeechPart : EmbeddingPart, IOwnStart
{
    [ComponentName(Name = "frames")]
    private readonly SpeechEncoder _frames;

    internal SpeechPart(SpeechEncoder frames) : base(nameof(SpeechPart))
    {
        _frames = frames;
        RegisterComponents();
    }

    /// <summary>What makes the frames.</summary>
    public SpeechEncoder Frames => _frames;

    public void Start(Seed seed) => _frames.StartConvolutions(seed);

    internal override StreamState Apply(StreamInputs inputs, StreamState? state)
    {
        var audio = inputs.Audio ?? throw new UserError("the model hears recordings", mend: "give it samples");
        if (!audio.Samples.is_floating_point())
        {
            throw new UserError("the model hears recordings, and these are whole numbers", mend: "give it samples");
        }

        return new(_frames.Encode(audio)) { Mask = _frames.FrameMask(audio.Mask, output: false) };
    }
}
