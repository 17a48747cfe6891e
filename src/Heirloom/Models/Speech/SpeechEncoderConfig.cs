using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;

namespace Heirloom.Models.Speech;

/// <summary>How the convolutions over a waveform are normalized.</summary>
public enum WaveformNorm
{
    /// <summary>The first layer's output, each channel over the whole recording (the base models).</summary>
    FirstLayerOverTime,

    /// <summary>Every layer's output, each frame over its channels (the large models).</summary>
    EveryLayerOverChannels,
}

/// <summary>Whose files a speech encoder's are.</summary>
public enum SpeechFamily
{
    /// <summary>wav2vec 2.0 (Baevski et al. 2020).</summary>
    Wav2Vec2,

    /// <summary>HuBERT (Hsu et al. 2021): the same network, pretrained to tell clusters.</summary>
    Hubert,
}

/// <summary>One convolution over a waveform.</summary>
public sealed record WaveformLayerConfig : IExample<WaveformLayerConfig>
{
    public static WaveformLayerConfig Example => new() { Width = 8, Kernel = 4, Stride = 2 };

    /// <summary>Channels that come out.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    [Range(1, int.MaxValue)]
    public required int Kernel { get; init; }

    [Range(1, int.MaxValue)]
    public required int Stride { get; init; }
}

/// <summary>Convolutions after the transformer that make its frames fewer: each halves its channels by a gate.</summary>
public sealed record FrameAdapterConfig : IExample<FrameAdapterConfig>
{
    public static FrameAdapterConfig Example => new() { Width = 8, Layers = 2 };

    /// <summary>Width of what comes out.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    [Range(1, 1000)]
    public int Layers { get; init; } = 3;

    [Range(1, int.MaxValue)]
    public int Kernel { get; init; } = 3;

    [Range(1, int.MaxValue)]
    public int Stride { get; init; } = 2;
}

/// <summary>
/// A transformer over frames that convolutions make of a waveform: wav2vec 2.0 (Baevski et al. 2020) and HuBERT (Hsu et al. 2021); see <see cref="Wav2Vec"/>.
/// </summary>
public sealed record SpeechEncoderConfig : ModelConfig, IExample<SpeechEncoderConfig>
{
    public static SpeechEncoderConfig Example => Wav2Vec(width: 16, layers: 2, heads: 2) with
    {
        Waveform = [new() { Width = 8, Kernel = 6, Stride = 4 }, new() { Width = 8, Kernel = 3, Stride = 2 }],
        PositionKernel = 4,
        PositionGroups = 2,
        // a tiny recording has few frames
        Masking = new() { Frames = 0.3, FrameSpan = 2 },
    };

    /// <summary>Under whose names it is saved; what it computes is all below.</summary>
    public SpeechFamily Family { get; init; }

    /// <summary>Convolutions over the waveform, the first first.</summary>
    public required ImmutableArray<WaveformLayerConfig> Waveform { get; init; }

    /// <summary>How they are normalized.</summary>
    public WaveformNorm WaveformNorm { get; init; }

    /// <summary>Whether they have biases.</summary>
    public bool WaveformBias { get; init; }

    public Activation WaveformActivation { get; init; } = Activation.Gelu;

    /// <summary>Whether frames are normalized before they are projected to the transformer's width.</summary>
    public bool ProjectionNorm { get; init; } = true;

    /// <summary>Dropped share of projected frames.</summary>
    [Range(0.0, 0.999)]
    public double ProjectionDropout { get; init; }

    /// <summary>Frames over which the convolution goes that tells positions.</summary>
    [Range(1, int.MaxValue)]
    public int PositionKernel { get; init; } = 128;

    /// <summary>Groups of its channels, a divisor of the width.</summary>
    [Range(1, int.MaxValue)]
    public int PositionGroups { get; init; } = 16;

    /// <summary>Blocks; 0 leaves frames with their positions, which another model puts in context.</summary>
    [Range(0, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Each layer's form. With norms after branches the stream is normalized before the first layer, with norms before them after the last ("stable").</summary>
    public required TransformerBlockConfig Block { get; init; }

    /// <summary>Width of a small network after each layer, through which a language is learned (Pratap et al. 2023); null for none.</summary>
    [Range(1, int.MaxValue)]
    public int? LanguageAdapterWidth { get; init; }

    /// <summary>Convolutions after the last layer; null for none.</summary>
    public FrameAdapterConfig? Adapter { get; init; }

    /// <summary>Chance that training skips a layer (Fan et al. 2020).</summary>
    [Range(0.0, 0.999)]
    public double LayerDrop { get; init; }

    /// <summary>What training hides.</summary>
    public SpanMaskingConfig Masking { get; init; } = new();

    /// <summary>How weights start, but for convolutions, which start as published whatever this is.</summary>
    public InitializationConfig Initialization { get; init; } = new NormalInitializationConfig { ScaleResidual = false };

    /// <summary>The published form: seven convolutions that make a frame of 400 samples every 320.</summary>
    /// <param name="width">Width of the transformer; its feed-forward's is four times it.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="stable">Norms before branches, over every convolution's channels, and biases: the large models.</param>
    /// <param name="dropout">Of branches, attention and embeddings.</param>
    public static SpeechEncoderConfig Wav2Vec(int width, int layers, int heads, bool stable = false, double dropout = 0) => new()
    {
        Waveform = [.. new (int Kernel, int Stride)[] { (10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2) }
            .Select(layer => new WaveformLayerConfig { Width = 512, Kernel = layer.Kernel, Stride = layer.Stride })],
        WaveformNorm = stable ? WaveformNorm.EveryLayerOverChannels : WaveformNorm.FirstLayerOverTime,
        WaveformBias = stable,
        ProjectionDropout = dropout,
        Layers = layers,
        Block = new()
        {
            Width = width,
            Attention = new AttentionConfig { Heads = heads, Dropout = dropout }.WithBiases(),
            FeedForward = new() { Width = 4 * width, Activation = Activation.Gelu, Gated = false, Bias = true, Dropout = dropout },
            Norm = new LayerNormConfig(),
            Placement = stable ? NormPlacement.Pre : NormPlacement.Post,
            Dropout = dropout,
        },
    };

    /// <summary>Frames of so many samples, 0 or less for a recording shorter than one frame.</summary>
    public long Frames(long samples) => Waveform.Aggregate(samples, (length, layer) => After(length, layer.Kernel, layer.Stride));

    /// <summary>Frames after the adapter.</summary>
    public long AdapterFrames(long frames) => Adapter is { } adapter
        // each side is padded by one frame
        ? Enumerable.Range(0, adapter.Layers).Aggregate(frames, (length, _) => After(length + 2, adapter.Kernel, adapter.Stride))
        : frames;

    /// <summary>Width of what comes out.</summary>
    public int OutputWidth() => Adapter?.Width ?? Block.Width;

    /// <exception cref="UserError">There is no convolution, or groups do not divide the width.</exception>
    public override SpeechEncoder Build(Seed seed)
    {
        var model = new SpeechEncoder(this);
        Initialization.Apply(model, seed);
        model.StartConvolutions(seed);
        return model;
    }

    private static long After(long length, int kernel, int stride) => length < kernel ? 0 : ((length - kernel) / stride) + 1;
}
