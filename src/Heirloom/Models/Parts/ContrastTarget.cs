using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using Heirloom.Models.Heads;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>Which image belongs to which text, by projections of both to one space (Radford et al. 2021, CLIP, figure 3).</summary>
[Kind("contrast")]
public sealed record ContrastTargetConfig : TargetConfig, IExample<ContrastTargetConfig>
{
    public static ContrastTargetConfig Example => new() { Width = 8 };

    /// <summary>Of the space.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    /// <summary>The token at which a text is read, the first one of its row; null for the last real token.</summary>
    [Range(0, int.MaxValue)]
    public int? EndToken { get; init; }

    /// <summary>Log of the factor on cosines with which training starts: ln(1/0.07).</summary>
    [Range(-100.0, 100.0)]
    public double LogScale { get; init; } = 2.6592;

    /// <exception cref="UserError">There is no second stream.</exception>
    internal override ContrastTarget Build(TargetPlace place) => place.SecondWidth is { } second
        ? new(this, place.Width, second)
        : throw new UserError("contrast compares two streams", "second", "give the model a second stream, of images");
}

/// <inheritdoc cref="ContrastTargetConfig"/>
public sealed class ContrastTarget : Target, IOwnStart
{
    private readonly ContrastTargetConfig _config;

    [ComponentName(Name = "text")]
    private readonly Linear _text;

    [ComponentName(Name = "image")]
    private readonly Linear _image;

    [ComponentName(Name = "log_scale")]
    private readonly Parameter _logScale;

    internal ContrastTarget(ContrastTargetConfig config, int texts, int images) : base(nameof(ContrastTarget), config)
    {
        _config = config;
        _text = Projections.Linear(texts, config.Width, bias: false);
        _image = Projections.Linear(images, config.Width, bias: false);
        _logScale = ModuleWeight.Of(tensor((float)config.LogScale));
        RegisterComponents();
    }

    /// <summary>A scalar: log of the factor on cosines.</summary>
    public Tensor LogScale => _logScale;

    public void Start(Seed seed)
    {
        using var frozen = no_grad();
        _logScale.fill_(_config.LogScale);
    }

    /// <summary>Texts' vectors: <c>[B, P]</c>.</summary>
    /// <param name="model">Whose they are.</param>
    /// <param name="hidden"><c>[B, T, D]</c></param>
    /// <param name="inputs">Of which they are.</param>
    internal Tensor Texts(ITokenEncoder model, Tensor hidden, TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var pooled = _config.EndToken is { } token
            ? hidden.gather(1, PoolingExtensions.Ends(inputs.Ids, token).to(ScalarType.Int64).argmax(1).view(-1, 1, 1).expand(-1, 1, hidden.shape[2])).squeeze(1)
            : Pooling.Last.Apply(model, hidden, inputs);
        return _text.call(pooled).MoveToOuterDisposeScope();
    }

    /// <summary>Images' vectors: <c>[B, P]</c>.</summary>
    /// <param name="pooled"><c>[B, D]</c></param>
    internal Tensor Images(Tensor pooled) => _image.call(pooled);
}
