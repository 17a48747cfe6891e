using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>A token encoder that brings its own way to make one vector of a sequence.</summary>
public interface IPooledEncoder : ITokenEncoder
{
    /// <summary>False where it was built without.</summary>
    bool HasPooler { get; }

    /// <param name="first"><c>[B, D]</c>: the first token's vector.</param>
    /// <returns><c>[B, D]</c></returns>
    Tensor Pool(Tensor first);
}
