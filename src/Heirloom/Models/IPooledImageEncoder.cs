using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>An image encoder that brings its own way to make one vector of an image.</summary>
public interface IPooledImageEncoder : IImageEncoder
{
    /// <summary>False where it was built without.</summary>
    bool HasPooler { get; }

    /// <param name="hidden"><c>[B, N, D]</c>: what <see cref="IImageEncoder.Encode"/> gives.</param>
    /// <returns><c>[B, D]</c></returns>
    Tensor Pool(Tensor hidden);
}
