using Heirloom.Checkpoints.Pickles;

namespace Heirloom.Checkpoints;

/// <summary>One file of weights, of either format.</summary>
public static class WeightsFile
{
    /// <summary>Opens a safetensors file, or a <c>.bin</c>, <c>.pt</c> or <c>.pth</c> of PyTorch; which of them it is, its first bytes tell.</summary>
    /// <exception cref="UserError">Missing, damaged or hostile: names the file and the tensor.</exception>
    public static IWeights Open(string path) => IsPickle(path) ? new PickleFile(path) : new SafetensorsFile(path);

    private static bool IsPickle(string path)
    {
        if (Path.GetExtension(path) == ".safetensors")
        {
            return false;
        }

        // the JSON of safetensors opens after eight bytes, where neither an archive nor PyTorch's older stream has a brace
        using var file = new RandomAccessFile(path);
        Span<byte> first = stackalloc byte[SafetensorsHeader.LengthBytes + 1];
        return file.Read(first, 0) < first.Length || first[^1] != '{';
    }
}
