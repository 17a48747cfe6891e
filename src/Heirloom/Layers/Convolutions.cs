using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Convolutions that are right for every number of channels.</summary>
/// <remarks>
/// On processors with AVX-512, libtorch 2.10 computes convolutions without groups wrongly for many numbers of channels: values where more than 16 come in that
/// are no multiple of 16 (it reads past their end, sometimes NaN), and gradients of the input for others too (48 in, or 8 out). On a CPU such a convolution
/// is therefore what it is by definition, one projection of every place's neighbourhood; those with groups are right in the library.
/// </remarks>
public static class Convolutions
{
    /// <param name="x"><c>[B, C, T]</c></param>
    /// <param name="weight"><c>[O, C / groups, K]</c></param>
    /// <param name="bias"><c>[O]</c> or null.</param>
    /// <param name="stride">Step between places.</param>
    /// <param name="padding">Zeros before the first place and after the last.</param>
    /// <param name="groups">Channels that see each other only.</param>
    /// <returns><c>[B, O, T']</c></returns>
    public static Tensor Convolve(Tensor x, Tensor weight, Tensor? bias, long stride = 1, long padding = 0, long groups = 1)
    {
        using var scope = NewDisposeScope();
        if (groups > 1 || x.device.type != TorchSharp.DeviceType.CPU)
        {
            return nn.functional.conv1d(x, weight, bias, stride: stride, padding: padding, groups: groups).MoveToOuterDisposeScope();
        }

        x = padding > 0 ? nn.functional.pad(x, [padding, padding]) : x;
        var places_BTN = x.unfold(2, weight.shape[2], stride).transpose(1, 2).flatten(2);
        return nn.functional.linear(places_BTN, weight.flatten(1), bias).transpose(1, 2).MoveToOuterDisposeScope();
    }
}
