using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.VisionLanguage;

/// <summary>CLIP (Radford et al. 2021): a text and an image that belong together get vectors that are alike.</summary>
public sealed record ClipConfig : ModelConfig, IExample<ClipConfig>
{
    public static ClipConfig Example => new() { Text = ClipTextConfig.Example, Vision = ClipVisionConfig.Example };

    /// <summary>Reads; it has to project.</summary>
    public required ClipTextConfig Text { get; init; }

    /// <summary>Sees; it has to project to the same width.</summary>
    public required ClipVisionConfig Vision { get; init; }

    /// <summary>Log of the factor on cosines with which training starts: ln(1/0.07).</summary>
    [Range(-100.0, 100.0)]
    public double LogScale { get; init; } = 2.6592;

    /// <exception cref="UserError">The two do not project to one width.</exception>
    public override Clip Build(Seed seed)
    {
        if (Text.ProjectionWidth is null || Text.ProjectionWidth != Vision.ProjectionWidth)
        {
            throw new UserError("texts and images are not projected to one width", "projection_width", "give both the same");
        }

        return new(Text.Build(seed.For("text")), Vision.Build(seed.For("vision")), this);
    }
}

/// <inheritdoc cref="ClipConfig"/>
public sealed class Clip : nn.Module, IImageTextModel
{
    private readonly ClipConfig _config;

    [ComponentName(Name = "text")]
    private readonly ClipText _text;

    [ComponentName(Name = "vision")]
    private readonly ClipVision _vision;

    [ComponentName(Name = "log_scale")]
    private readonly Parameter _logScale;

    internal Clip(ClipText text, ClipVision vision, ClipConfig config) : base(nameof(Clip))
    {
        _config = config;
        _text = text;
        _vision = vision;
        _logScale = ModuleWeight.Of(tensor((float)config.LogScale));
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public ITextEmbedder Texts => _text;

    public IImageEncoder Images => _vision;

    public Tensor LogScale => _logScale;
}
