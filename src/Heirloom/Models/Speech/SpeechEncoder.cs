using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>Hears a waveform: convolutions make frames of it, a transformer puts them in context.</summary>
/// <remarks>Baevski et al. 2020 (wav2vec 2.0); Hsu et al. 2021 (HuBERT) differ in training, and in no norm before the projection in some models.</remarks>
public sealed class SpeechEncoder : nn.Module, IAudioEncoder
{
    private readonly SpeechEncoderConfig _config;

    [ComponentName(Name = "convolutions")]
    private readonly ModuleList<WaveformLayer> _convolutions;

    [ComponentName(Name = "projection_norm")]
    private readonly nn.Module<Tensor, Tensor>? _projectionNorm;

    [ComponentName(Name = "projection")]
    private readonly Linear _projection;

    [ComponentName(Name = "mask_vector")]
    private readonly Parameter? _maskVector;

    [ComponentName(Name = "position_convolution")]
    private readonly PositionConvolution _positions;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor>? _norm;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "language_adapters")]
    private readonly ModuleList<LanguageAdapter>? _languageAdapters;

    [ComponentName(Name = "adapter")]
    private readonly FrameAdapter? _adapter;

    internal SpeechEncoder(SpeechEncoderConfig config) : base(nameof(SpeechEncoder))
    {
        if (config.Waveform.IsDefaultOrEmpty)
        {
            throw new UserError("there is no convolution over the waveform", "waveform", "give at least one");
        }

        if (config.Block.Placement is not (NormPlacement.Pre or NormPlacement.Post))
        {
            throw new UserError("a speech encoder has its norms before or after branches", "block.placement", "pre or post");
        }

        _config = config;
        var block = config.Block;
        _convolutions = new([.. Enumerable.Range(0, config.Waveform.Length).Select(i => new WaveformLayer(config, i))]);
        _projectionNorm = config.ProjectionNorm ? block.Norm.Build(FrameWidth) : null;
        _projection = Projections.Linear(FrameWidth, block.Width, bias: true);
        _maskVector = config.Masking.Hides() ? ModuleWeight.Of(zeros(block.Width)) : null;
        _positions = new(config);
        // with norms before branches it follows the last layer
        _norm = config.Layers > 0 || block.Placement == NormPlacement.Post ? block.Norm.Build(block.Width) : null;
        _layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new TransformerBlock(block))]);
        _languageAdapters = config.LanguageAdapterWidth is { } hidden ? new([.. Enumerable.Range(0, config.Layers).Select(_ => new LanguageAdapter(block.Width, hidden))]) : null;
        _adapter = config.Adapter is { } adapter ? new(block.Width, adapter) : null;
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Width => _config.OutputWidth();

    public int InnerWidth => _config.Block.Width;

    public SpanMaskingConfig Masking => _config.Masking;

    /// <summary>Width of the convolutions' frames.</summary>
    public int FrameWidth => _config.Waveform[^1].Width;

    public long Frames(long samples) => _config.Frames(samples);

    public long OutputFrames(long samples) => _config.AdapterFrames(Frames(samples));

    /// <exception cref="UserError">The recording is shorter than a frame, or frames are to be hidden that the model has no vector for.</exception>
    public Tensor Encode(AudioInputs inputs)
    {
        using var scope = NewDisposeScope();
        var x = Contextualize(inputs, ExtractFrames(inputs.Samples))[^1];
        return (_adapter?.call(x) ?? x).MoveToOuterDisposeScope();
    }

    /// <summary>The stream before the first layer and after each, the last one normalized where its norms stand before branches.</summary>
    /// <returns>As many as layers and one more, each <c>[B, T, D]</c>.</returns>
    public IReadOnlyList<Tensor> EncodeLayers(AudioInputs inputs)
    {
        using var scope = NewDisposeScope();
        var layers = Contextualize(inputs, ExtractFrames(inputs.Samples));
        return [.. layers.Select(layer => layer.MoveToOuterDisposeScope())];
    }

    /// <summary>What the convolutions alone make, normalized where it is before its projection.</summary>
    /// <param name="samples"><c>[B, S]</c></param>
    /// <returns><c>[B, T, F]</c></returns>
    public Tensor ExtractFrames(Tensor samples)
    {
        using var scope = NewDisposeScope();
        if (samples.dim() != 2 || Frames(samples.shape[1]) < 1)
        {
            throw new UserError($"a recording of [{string.Join(", ", samples.shape)}] samples is shorter than one frame", mend: "give rows of samples that are longer");
        }

        var x = samples.unsqueeze(1).to(_projection.weight!.dtype);
        foreach (var convolution in _convolutions)
        {
            x = convolution.call(x);
        }

        x = x.transpose(1, 2);
        return (_projectionNorm?.call(x) ?? x).MoveToOuterDisposeScope();
    }

    /// <summary>Puts frames in context, for whoever needs them before that too (see <see cref="ExtractFrames"/>).</summary>
    internal Tensor EncodeFrames(AudioInputs inputs, Tensor frames)
    {
        using var scope = NewDisposeScope();
        return Contextualize(inputs, frames)[^1].MoveToOuterDisposeScope();
    }

    /// <summary>Which frames are of real samples.</summary>
    /// <param name="mask"><c>[B, S]</c> bool over samples; null when nothing is padded.</param>
    /// <param name="output">Of the frames that come out, else of those inside.</param>
    /// <returns><c>[B, T]</c> bool, or null.</returns>
    public Tensor? FrameMask(Tensor? mask, bool output = true) => mask is null ? null : AudioFrames.Mask(mask, output ? OutputFrames : Frames);

    internal void StartConvolutions(Seed seed)
    {
        using var frozen = no_grad();
        foreach (var (name, parameter) in this.named_parameters().Where(p => p.name.EndsWith("convolution.weight", StringComparison.Ordinal) || p.name.Contains("adapter.convolutions", StringComparison.Ordinal)))
        {
            if (parameter.dim() == 3)
            {
                // variance 2 over a filter's inputs (He et al. 2015)
                using var generator = seed.For(name).Generator();
                parameter.normal_(0, Math.Sqrt(2.0 / (parameter.shape[1] * parameter.shape[2])), generator);
            }
        }

        _positions.Start(seed.For("position_convolution"));
        if (_maskVector is not null)
        {
            using var generator = seed.For("mask_vector").Generator();
            _maskVector.uniform_(0, 1, generator);
        }
    }

    private List<Tensor> Contextualize(AudioInputs inputs, Tensor frames)
    {
        var mask = FrameMask(inputs.Mask, output: false);
        var x = Hide(Dropped(_projection.call(frames), _config.ProjectionDropout), inputs);
        if (mask is not null)
        {
            // padding is silence to the convolution that tells positions
            x = x.masked_fill(mask.logical_not().unsqueeze(2), KeptScalar.Zero);
        }

        x = x.add(_positions.call(x), KeptScalar.One);
        var post = _config.Block.Placement == NormPlacement.Post;
        x = Dropped(post ? _norm!.call(x) : x, _config.Block.Dropout);
        var length = x.shape[1];
        var context = new AttentionContext { Mask = new AttentionPattern { Window = _config.Block.Attention.Window, Mask = mask }.Resolve(length, length, x) };
        var layers = new List<Tensor> { x };
        for (var i = 0; i < _layers.Count; i++)
        {
            if (!training || _config.LayerDrop == 0 || rand(1).item<float>() >= _config.LayerDrop)
            {
                x = _layers[i].call(x, context, i);
                x = _languageAdapters is null ? x : _languageAdapters[i].call(x);
            }

            layers.Add(i == _layers.Count - 1 && !post ? _norm!.call(x) : x);
        }

        return layers;
    }

    private Tensor Hide(Tensor x, AudioInputs inputs)
    {
        if (inputs.HiddenFrames is { } frames)
        {
            var vector = _maskVector ?? throw new UserError("the model has no vector for hidden frames", "masking", "build it with a share of hidden frames above 0");
            x = where(frames.unsqueeze(2), vector, x);
        }

        return inputs.HiddenChannels is { } channels ? x.masked_fill(channels.unsqueeze(1), KeptScalar.Zero) : x;
    }

    private Tensor Dropped(Tensor x, double share) => Dropping.Apply(x, share, training);
}
