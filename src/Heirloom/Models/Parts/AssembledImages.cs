using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>An assembled model that sees.</summary>
public sealed class AssembledImages : AssembledModel, IImageEncoder, IClassifier<Tensor>
{
    private readonly PatchPartConfig _patches;

    internal AssembledImages(AssembledConfig config) : base(nameof(AssembledImages), config, place => place)
    {
        Accept("sees", t => t is MaskedPixelsTarget or MaskedCodesTarget or ClassificationTarget);
        if (Find<MaskedPixelsTarget>() is not null && Find<MaskedCodesTarget>() is not null)
        {
            throw new UserError("masked_pixels and masked_codes hide patches in two ways", "targets", "choose one of them");
        }

        _patches = (PatchPartConfig)config.Embedding.Parts[0];
        RegisterComponents();
    }

    /// <summary>Outputs of the classification target; 0 for none.</summary>
    public int Classes => (Find<ClassificationTarget>()?.Config as ClassificationTargetConfig)?.Classes ?? 0;

    /// <summary>N, patches of an image.</summary>
    public int Patches => _patches.Count();

    public Tensor Encode(Tensor images) => Encode(new StreamInputs { Images = images });

    /// <summary>With the mask vector in the place of some patches.</summary>
    /// <param name="images"><c>[B, C, H, W]</c></param>
    /// <param name="hidden"><c>[B, N]</c> bool.</param>
    public Tensor EncodeHidden(Tensor images, Tensor hidden) => Encode(new StreamInputs { Images = images, HiddenPatches = hidden });

    /// <summary>Of some patches only.</summary>
    /// <param name="images"><c>[B, C, H, W]</c></param>
    /// <param name="visible"><c>[B, K]</c> int64, ascending.</param>
    public Tensor EncodeVisible(Tensor images, Tensor visible) => Encode(new StreamInputs { Images = images, VisiblePatches = visible });

    /// <summary>The class token's vector, or the mean of the patches where there is none.</summary>
    public Tensor Embed(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Pool(Encode(images)).MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">It has no classification target.</exception>
    public Tensor Classify(Tensor inputs)
    {
        using var scope = NewDisposeScope();
        return (Find<ClassificationTarget>() ?? throw new UserError("no target of the model classifies", "targets", "give it classification, or put an image classifier over it"))
            .Classify(Embed(inputs)).MoveToOuterDisposeScope();
    }

    /// <summary>The vector that stands for an image.</summary>
    /// <param name="hidden"><c>[B, …, D]</c></param>
    internal Tensor Pool(Tensor hidden) => _patches.ClassToken ? hidden.select(1, 0) : hidden.mean([1]);

    /// <summary>The patches' vectors alone.</summary>
    /// <param name="hidden"><c>[B, …, D]</c></param>
    internal Tensor OfPatches(Tensor hidden) => _patches.ClassToken ? hidden.narrow(1, 1, hidden.shape[1] - 1) : hidden;
}
