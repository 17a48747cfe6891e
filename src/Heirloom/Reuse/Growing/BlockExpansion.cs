using static TorchSharp.torch;

namespace Heirloom.Reuse.Growing;

/// <summary>
/// Weights <c>[n·out, n·in]</c> of a projection that reads n copies of the small projection's input and gives n copies of its output:
/// n × n blocks, of which each row of blocks sums to the small weight.
/// </summary>
/// <remarks>Samragh et al. 2024, section 3.</remarks>
public static class BlockExpansion
{
    /// <summary>Every block is W/n.</summary>
    /// <param name="weight"><c>[out, in]</c></param>
    /// <param name="factor">n.</param>
    public static Tensor Symmetric(Tensor weight, int factor)
    {
        using var scope = NewDisposeScope();
        return weight.repeat(factor, factor).div_(factor).MoveToOuterDisposeScope();
    }

    /// <summary>W on the diagonal, zero elsewhere.</summary>
    /// <inheritdoc cref="Symmetric"/>
    public static Tensor Diagonal(Tensor weight, int factor)
    {
        using var scope = NewDisposeScope();
        return kron(eye(factor, dtype: weight.dtype, device: weight.device), weight).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Gaussian noise of which each row of blocks sums to zero, so that n equal inputs never meet it: with two copies, η and −η, another η for each copy
    /// of the output.
    /// </summary>
    /// <param name="outputs">Rows of a block.</param>
    /// <param name="inputs">Columns of a block.</param>
    /// <param name="factor">n, at least 2.</param>
    /// <param name="power">Its mean square; ≥ 0.</param>
    /// <param name="generator">Source of the noise.</param>
    /// <returns><c>[n·out, n·in]</c>, float32.</returns>
    public static Tensor CancellingNoise(long outputs, long inputs, int factor, double power, Generator generator)
    {
        using var scope = NewDisposeScope();
        // blocks of a row less their mean sum to zero whatever their number; scaled afterwards, all by one number, they still do
        var noise = randn([factor * outputs, factor, inputs], generator: generator);
        noise.sub_(noise.mean([1], keepdim: true));
        var own = noise.square().mean().item<float>();
        return noise.mul_(own > 0 ? Math.Sqrt(power / own) : 0).view(factor * outputs, factor * inputs).MoveToOuterDisposeScope();
    }
}
