using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Images cut into squares.</summary>
public static class Patches
{
    /// <summary>The patches of each image, row by row; pixels that fill none are left out.</summary>
    /// <param name="images"><c>[B, C, H, W]</c></param>
    /// <param name="size">P, height and width of a patch.</param>
    /// <returns><c>[B, N, C · P · P]</c></returns>
    public static Tensor Of(Tensor images, int size)
    {
        using var scope = NewDisposeScope();
        return images.unfold(2, size, size).unfold(3, size, size).permute(0, 2, 3, 1, 4, 5).flatten(1, 2).flatten(2).MoveToOuterDisposeScope();
    }
}
