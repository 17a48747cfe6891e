using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>What wav2vec 2.0 pretrains: a speech encoder that tells, for hidden frames, which of a codebook's entries stood there (Baevski et al. 2020).</summary>
public sealed record SpeechPretrainerConfig : ModelConfig, IExample<SpeechPretrainerConfig>
{
    public static SpeechPretrainerConfig Example => new() { Encoder = SpeechEncoderConfig.Example, Codes = 4, CodeWidth = 8, ProjectionWidth = 8, Negatives = 4 };

    public required SpeechEncoderConfig Encoder { get; init; }

    /// <summary>Groups of the codebook, each of which gives a part of a code; G.</summary>
    [Range(1, int.MaxValue)]
    public int Groups { get; init; } = 2;

    /// <summary>Entries of a group; V.</summary>
    [Range(1, int.MaxValue)]
    public int Codes { get; init; } = 320;

    /// <summary>Width of a code, a multiple of <see cref="Groups"/>.</summary>
    [Range(1, int.MaxValue)]
    public int CodeWidth { get; init; } = 256;

    /// <summary>Width in which contexts and codes are compared.</summary>
    [Range(1, int.MaxValue)]
    public int ProjectionWidth { get; init; } = 256;

    /// <summary>Dropped share of the frames that are quantized.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>Codes of other hidden frames that a frame's own is told from; K.</summary>
    [Range(1, int.MaxValue)]
    public int Negatives { get; init; } = 100;

    /// <summary>Divides similarities; κ.</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double Temperature { get; init; } = 0.1;

    /// <summary>Weight of the use of all entries; α.</summary>
    [Range(0.0, double.MaxValue)]
    public double DiversityWeight { get; init; } = 0.1;

    /// <summary>How projections' weights start.</summary>
    public InitializationConfig Initialization { get; init; } = new FanInInitializationConfig();

    /// <exception cref="UserError">Groups do not divide the codes' width, the codebook is too large, or the encoder has an adapter.</exception>
    public override SpeechPretrainer Build(Seed seed)
    {
        var model = new SpeechPretrainer(Encoder.Build(seed.For("encoder")), this);
        model.Start(seed);
        return model;
    }
}

/// <summary>A frame's code.</summary>
/// <param name="Vectors"><c>[B, T, P]</c></param>
/// <param name="Perplexity">A scalar: how many entries are in use, G · V at most.</param>
public readonly record struct SpeechCodes(Tensor Vectors, Tensor Perplexity);

/// <inheritdoc cref="SpeechPretrainerConfig"/>
public sealed class SpeechPretrainer : nn.Module, IModel
{
    private static readonly Scalar s_log = 1e-7, s_infinite = double.NegativeInfinity;
    private readonly SpeechPretrainerConfig _config;
    private readonly Scalar _temperature, _entries;

    [ComponentName(Name = "encoder")]
    private readonly SpeechEncoder _encoder;

    [ComponentName(Name = "code_choice")]
    private readonly Linear _choice;

    [ComponentName(Name = "codebook")]
    private readonly Parameter _codebook;

    [ComponentName(Name = "context_projection")]
    private readonly Linear _contextProjection;

    [ComponentName(Name = "code_projection")]
    private readonly Linear _codeProjection;

    internal SpeechPretrainer(SpeechEncoder encoder, SpeechPretrainerConfig config) : base(nameof(SpeechPretrainer))
    {
        if (config.CodeWidth % config.Groups != 0)
        {
            throw new UserError($"codes of width {config.CodeWidth} do not split into {config.Groups} groups", "code_width", "choose a multiple of groups");
        }

        if ((long)config.Groups * config.Codes > int.MaxValue)
        {
            throw new UserError($"{config.Groups} groups of {config.Codes} codes are more than a codebook holds", "codes", "choose fewer codes");
        }

        if (config.Encoder.Adapter is not null)
        {
            // its frames would be fewer than those that are hidden and compared
            throw new UserError("pretraining compares the frames inside the encoder, which an adapter makes fewer", "encoder.adapter", "leave it out and add it for the task");
        }

        _config = config;
        (_temperature, _entries) = (config.Temperature, (double)config.Groups * config.Codes);
        _encoder = encoder;
        _choice = Projections.Linear(encoder.FrameWidth, config.Groups * config.Codes, bias: true);
        _codebook = ModuleWeight.Of(zeros(1, config.Groups * config.Codes, config.CodeWidth / config.Groups));
        _contextProjection = Projections.Linear(encoder.Width, config.ProjectionWidth, bias: true);
        _codeProjection = Projections.Linear(config.CodeWidth, config.ProjectionWidth, bias: true);
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public SpeechPretrainerConfig Settings => _config;

    public SpeechEncoder Encoder => _encoder;

    /// <summary>What context makes of each frame, and the code of what stands there unhidden.</summary>
    /// <param name="inputs">With the frames that are hidden.</param>
    /// <param name="noise"><c>[B, T, G, V]</c> Gumbel noise, which lets gradients through the choice of an entry; null chooses the likeliest.</param>
    /// <param name="temperature">Of the softmax through which gradients go; τ.</param>
    /// <returns>Contexts <c>[B, T, P]</c>, and codes.</returns>
    public (Tensor Contexts, SpeechCodes Codes) Compare(AudioInputs inputs, Tensor? noise = null, double temperature = 2)
    {
        using var scope = NewDisposeScope();
        var frames = _encoder.ExtractFrames(inputs.Samples);
        var contexts = _contextProjection.call(_encoder.EncodeFrames(inputs, frames));
        var codes = Quantize(Dropping.Apply(frames, _config.Dropout, training), inputs.HiddenFrames, noise, temperature);
        return (contexts.MoveToOuterDisposeScope(), new(codes.Vectors.MoveToOuterDisposeScope(), codes.Perplexity.MoveToOuterDisposeScope()));
    }

    /// <summary>How alike each hidden frame's context is to its own code and to others', over the temperature: the logits of equation 3.</summary>
    /// <param name="contexts"><c>[B, T, P]</c></param>
    /// <param name="codes"><c>[B, T, P]</c></param>
    /// <param name="hidden"><c>[B, T]</c> bool.</param>
    /// <param name="negatives"><c>[B, T, K]</c> int64: the frames of the others, as indices into all frames of the batch.</param>
    /// <returns><c>[N, 1 + K]</c> float32, its own first; −∞ for another that has the same code.</returns>
    public Tensor Similarities(Tensor contexts, Tensor codes, Tensor hidden, Tensor negatives)
    {
        using var scope = NewDisposeScope();
        var at = hidden.flatten().nonzero().squeeze(1);
        var all = codes.flatten(0, 1);
        var own = all.index_select(0, at).unsqueeze(1);
        var others = all.index_select(0, negatives.flatten(0, 1).index_select(0, at).flatten()).view(at.shape[0], negatives.shape[2], all.shape[1]);
        var context = contexts.flatten(0, 1).index_select(0, at).unsqueeze(1).to(ScalarType.Float32);
        var similar = nn.functional.cosine_similarity(context, cat([own, others], 1).to(ScalarType.Float32), 2, 1e-8).div(_temperature);
        var same = nn.functional.pad(others.eq(own).all(-1).to(ScalarType.Float32), [1, 0]).to(ScalarType.Bool);
        return similar.masked_fill(same, s_infinite).MoveToOuterDisposeScope();
    }

    /// <summary>Share of the codebook that is not in use; equation 4.</summary>
    public Tensor Unused(SpeechCodes codes)
    {
        using var scope = NewDisposeScope();
        return codes.Perplexity.to(ScalarType.Float32).neg().add(_entries).div(_entries).MoveToOuterDisposeScope();
    }

    internal void Start(Seed seed)
    {
        using var frozen = no_grad();
        _config.Initialization.Apply(_contextProjection, seed.For("context_projection"));
        _config.Initialization.Apply(_codeProjection, seed.For("code_projection"));
        // as published: choices start decided, entries spread over the unit cube
        new NormalInitializationConfig { Std = 1 }.Apply(_choice, seed.For("code_choice"));
        using var generator = seed.For("codebook").Generator();
        _codebook.uniform_(0, 1, generator);
    }

    private SpeechCodes Quantize(Tensor frames, Tensor? counted, Tensor? noise, double temperature)
    {
        var (batch, length) = (frames.shape[0], frames.shape[1]);
        var logits_BTGV = _choice.call(frames).view(batch, length, _config.Groups, _config.Codes).to(ScalarType.Float32);
        Tensor chosen, distribution;
        if (noise is null)
        {
            chosen = nn.functional.one_hot(logits_BTGV.argmax(-1), _config.Codes).to(ScalarType.Float32);
            distribution = chosen;
        }
        else
        {
            Scalar kept = temperature;
            var soft = logits_BTGV.add(noise, KeptScalar.One).div(kept).softmax(-1);
            GC.KeepAlive(kept);
            // forward the entry itself, backward through the softmax
            chosen = nn.functional.one_hot(soft.argmax(-1), _config.Codes).to(ScalarType.Float32).sub(soft.detach()).add(soft, KeptScalar.One);
            distribution = logits_BTGV.softmax(-1);
        }

        var entries = _codebook.view(_config.Groups, _config.Codes, -1);
        var codes = einsum("btgv,gvd->btgd", chosen.to(entries.dtype), entries).flatten(2);
        return new(_codeProjection.call(codes), Perplexity(distribution, counted).to(codes.dtype));
    }

    /// <summary>exp of the entropy of the mean choice, summed over groups.</summary>
    private static Tensor Perplexity(Tensor distribution_BTGV, Tensor? counted)
    {
        var mean_GV = counted is null
            ? distribution_BTGV.mean([0, 1])
            : distribution_BTGV.mul(counted.view(counted.shape[0], -1, 1, 1)).sum([0, 1]) / counted.sum().clamp(min: KeptScalar.One);
        return mean_GV.mul(mean_GV.add(s_log).log()).sum(-1).neg().exp().sum();
    }
}
