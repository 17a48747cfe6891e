using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training.Optimizers;

/// <summary>A tensor in eight bits a number: codes of a <see cref="DynamicMap"/>, relative to the largest magnitude of their block (Dettmers et al. 2022, §2.1).</summary>
internal static class BlockQuantized
{
    /// <summary>Numbers that share a scale; an outlier spoils its own block alone.</summary>
    public const int Block = 256;

    /// <summary>Parameters with fewer numbers keep float32 states: they cost nothing, and are the likelier to be sensitive.</summary>
    public const int LeastNumbers = 4096;

    /// <summary>Zeros for a tensor of a shape, as two tensors.</summary>
    public static (Tensor Codes, Tensor Scales) Zeros(Tensor like, DynamicMap map)
    {
        using Scalar zero = (int)map.Zero;
        return (full(like.shape, zero, ScalarType.Byte, device: like.device), zeros((like.numel() + Block - 1) / Block, ScalarType.Float32, device: like.device));
    }

    public static unsafe void Read(byte* codes, float scale, DynamicMap map, float* to, int count)
    {
        var values = map.Values;
        for (var i = 0; i < count; i++)
        {
            to[i] = values[codes[i]] * scale;
        }
    }

    /// <returns>The scale.</returns>
    public static unsafe float Write(float* from, DynamicMap map, byte* codes, int count)
    {
        var largest = 0f;
        for (var i = 0; i < count; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(from[i]));
        }

        var factor = largest == 0 ? 0 : 1 / largest;
        for (var i = 0; i < count; i++)
        {
            codes[i] = map.CodeOf(from[i] * factor);
        }

        return largest;
    }

    /// <summary>The same in the tensor library, for other devices.</summary>
    public static Tensor Read(Tensor codes, Tensor scales, DynamicMap map)
    {
        var values = tensor(map.Values.ToArray(), device: codes.device).index_select(0, codes.flatten().to(ScalarType.Int64));
        return values.mul(scales.repeat_interleave(Block).narrow(0, 0, values.shape[0])).view(codes.shape);
    }

    /// <inheritdoc cref="Read(Tensor, Tensor, DynamicMap)"/>
    public static void Write(Tensor from, DynamicMap map, Tensor codes, Tensor scales)
    {
        var count = from.numel();
        var blocks = nn.functional.pad(from.flatten(), [0, (scales.shape[0] * Block) - count]).view(-1, Block);
        scales.copy_(blocks.abs().amax([1]));
        var factor = scales.reciprocal().nan_to_num(0, 0, 0).unsqueeze(1);
        var values = map.Values.ToArray();
        var middles = tensor([.. values.Zip(values.Skip(1), (a, b) => (a + b) / 2)], device: from.device);
        codes.copy_(bucketize(blocks.mul(factor).flatten().narrow(0, 0, count), middles).view(codes.shape));
    }
}
