using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>Convolutions of which one half gates the other: <c>(X ∗ W + b) ⊗ σ(X ∗ V + c)</c>, with residual blocks of several (Dauphin et al. 2017, eq. 1).</summary>
[Kind("gated_cnn")]
public sealed record GatedCnnPartConfig : EncoderPartConfig, IExample<GatedCnnPartConfig>
{
    public static GatedCnnPartConfig Example => new() { Width = 16, Layers = 2, BlockSize = 1 };

    /// <summary>Of what comes out.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    [Range(1, int.MaxValue)]
    public required int Layers { get; init; }

    /// <summary>Positions under a filter.</summary>
    [Range(1, int.MaxValue)]
    public int Kernel { get; init; } = 3;

    /// <summary>Layers of a block, to whose output its input is added.</summary>
    [Range(1, int.MaxValue)]
    public int BlockSize { get; init; } = 2;

    /// <summary>Whether filters see their position and earlier ones only; else as many on either side.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>Dropped share of what comes out of each layer.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    internal override Sight Sight => Causal ? Sight.Past : Sight.All;

    /// <exception cref="UserError">An even filter that looks to both sides.</exception>
    internal override GatedCnnPart Build(int width) => Causal || Kernel % 2 == 1
        ? new(this, width)
        : throw new UserError($"a filter over {Kernel} positions has no middle", "encoder.kernel", "choose an odd number, or causal: true");
}

/// <inheritdoc cref="GatedCnnPartConfig"/>
public sealed class GatedCnnPart : EncoderPart, IOwnStart
{
    private readonly GatedCnnPartConfig _config;

    [ComponentName(Name = "projection")]
    private readonly Linear? _projection;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<GatedConvolution> _layers;

    internal GatedCnnPart(GatedCnnPartConfig config, int width) : base(nameof(GatedCnnPart))
    {
        _config = config;
        _projection = width == config.Width ? null : Projections.Linear(width, config.Width, bias: true);
        _layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new GatedConvolution(config))]);
        RegisterComponents();
    }

    public override int Width => _config.Width;

    /// <summary>Filters of variance 4 over their inputs, since gates let half through (Gehring et al. 2017, §3.5).</summary>
    public void Start(Seed seed)
    {
        using var frozen = no_grad();
        foreach (var (name, parameter) in this.named_parameters().Where(p => p.parameter.dim() == 3))
        {
            using var generator = seed.For(name).Generator();
            parameter.normal_(0, 2 / Math.Sqrt(parameter.shape[1] * parameter.shape[2]), generator);
        }
    }

    internal override Tensor Encode(StreamState state)
    {
        using var scope = NewDisposeScope();
        var runs = Runs.Of(state.Segments, state.Mask);
        var x = _projection?.call(state.Vectors) ?? state.Vectors;
        var height = x.shape[0];
        x = runs?.Take(x) ?? x;
        var outside = runs?.Real(x.device).logical_not().unsqueeze(2);
        var block = x;
        for (var i = 0; i < _config.Layers; i++)
        {
            // what lies behind a document must not be seen from it
            x = Dropped(_layers[i].call(outside is null ? x : x.masked_fill(outside, KeptScalar.Zero)));
            if ((i + 1) % _config.BlockSize == 0)
            {
                block = x = x.add(block, KeptScalar.One);
            }
        }

        return (runs?.Put(x, height) ?? x).MoveToOuterDisposeScope();
    }

    private Tensor Dropped(Tensor x) => Dropping.Apply(x, _config.Dropout, training);

    private sealed class GatedConvolution : nn.Module<Tensor, Tensor>
    {
        private readonly (long Before, long After) _padding;

        [ComponentName(Name = "weight")]
        private readonly Parameter _weight;

        [ComponentName(Name = "bias")]
        private readonly Parameter _bias;

        public GatedConvolution(GatedCnnPartConfig config) : base(nameof(GatedConvolution))
        {
            _padding = config.Causal ? (config.Kernel - 1, 0) : (config.Kernel / 2, config.Kernel / 2);
            _weight = ModuleWeight.Of(zeros(2 * config.Width, config.Width, config.Kernel));
            _bias = ModuleWeight.Of(zeros(2 * config.Width));
            RegisterComponents();
        }

        /// <param name="x"><c>[B, T, D]</c></param>
        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var padded = nn.functional.pad(x.transpose(1, 2), [_padding.Before, _padding.After]);
            var halves = Convolutions.Convolve(padded, _weight, _bias).transpose(1, 2).chunk(2, -1);
            return halves[0].mul(halves[1].sigmoid()).MoveToOuterDisposeScope();
        }
    }
}
