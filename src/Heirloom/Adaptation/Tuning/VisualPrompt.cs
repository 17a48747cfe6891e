using System.ComponentModel.DataAnnotations;
using Heirloom.Models;
using Heirloom.Models.Vision;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Tuning;

/// <summary>Learned tokens among an image's patches (VPT).</summary>
public sealed record VisualPromptConfig : TuningConfig
{
    /// <summary>Tokens, p.</summary>
    [Range(1, 10_000)]
    public int Length { get; init; } = 5;

    /// <summary>Fresh tokens at every layer (VPT-deep) instead of tokens at the first alone (VPT-shallow).</summary>
    public bool Deep { get; init; }

    /// <exception cref="UserError">The model is no vision transformer.</exception>
    public override VisualPrompt Build(IModel model, Seed seed) => model is VisionTransformer transformer
        ? new(this, transformer, seed)
        : throw new UserError($"{model.GetType().Name} reads no patches", "tuning", "use a vision transformer, or another kind of tuning");
}

/// <summary>Adds its tokens behind the image's at the first layer, replaces them at each further one when deep, and drops them after the last.</summary>
/// <remarks>Jia et al. 2022, "Visual Prompt Tuning", equations 4 to 7; uniform start of §A.1. The order among tokens has no meaning: prompts have no position.</remarks>
public sealed class VisualPrompt : TuningModule
{
    [ComponentName(Name = "prompts")]
    private readonly Parameter _prompts_LPD;

    internal VisualPrompt(VisualPromptConfig config, VisionTransformer model, Seed seed) : base(nameof(VisualPrompt))
    {
        var shape = (VisionTransformerConfig)model.Config;
        var bound = Math.Sqrt(6.0 / ((shape.Channels * shape.PatchSize * shape.PatchSize) + shape.Block.Width));
        using var generator = seed.For("prompts").Generator();
        _prompts_LPD = new(zeros(config.Deep ? shape.Layers : 1, config.Length, shape.Block.Width));
        using var quiet = no_grad();
        _prompts_LPD.uniform_(-bound, bound, generator);
        RegisterComponents();
    }

    protected override void AttachTo(nn.Module model)
    {
        var blocks = BlockList.Of(model);
        for (var i = 0; i < _prompts_LPD.shape[0]; i++)
        {
            var layer = i;
            var before = blocks[i].register_forward_pre_hook((_, x, context, index) => (WithPrompts(x, layer), context, index));
            OnDetach(before.remove);
        }

        var after = blocks[^1].register_forward_hook((_, _, _, _, output) => Image(output));
        OnDetach(after.remove);
    }

    private Tensor WithPrompts(Tensor x_BTD, int layer)
    {
        using var scope = NewDisposeScope();
        var image = layer == 0 ? x_BTD : Image(x_BTD);
        return cat([image, _prompts_LPD[layer].to(x_BTD.dtype).unsqueeze(0).expand(x_BTD.shape[0], -1, -1)], 1).MoveToOuterDisposeScope();
    }

    private Tensor Image(Tensor x_BTD) => x_BTD.narrow(1, 0, x_BTD.shape[1] - _prompts_LPD.shape[1]);
}
