using static TorchSharp.torch;

namespace Heirloom.Layers.Kernels;

/// <summary>Dropout whose mask is made on all cores, and made again for the backward pass instead of being kept.</summary>
internal sealed class FusedDropout : autograd.SingleTensorFunction<FusedDropout>
{
    private const int BlocksPerChunk = 64;

    public override string Name => nameof(FusedDropout);

    /// <param name="x">Contiguous; see <see cref="Lanes.Covers"/>.</param>
    /// <param name="mask">What is dropped.</param>
    public static Tensor Of(Tensor x, DropoutMask mask) => apply(x, mask);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data("mask", vars[1]);
        return Masked((Tensor)vars[0], (DropoutMask)vars[1]);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        FirstOrder.Require();
        return [Masked(grad_output.contiguous(), (DropoutMask)ctx.get_data("mask")), null!];
    }

    private static unsafe Tensor Masked(Tensor x, DropoutMask mask)
    {
        var result = empty_like(x);
        var (from, to, count) = ((nint)Lanes.Address(x), (nint)Lanes.Address(result), x.numel());
        var blocks = (count + Philox.Block - 1) / Philox.Block;
        var narrow = x.dtype == ScalarType.BFloat16;
        Team.For((int)((blocks + BlocksPerChunk - 1) / BlocksPerChunk), chunk =>
        {
            var first = (long)chunk * BlocksPerChunk;
            var last = Math.Min(blocks, first + BlocksPerChunk);
            if (narrow)
            {
                Run<BFloat16Lanes>((byte*)from, (byte*)to, count, mask, first, last);
            }
            else
            {
                Run<FloatLanes>((byte*)from, (byte*)to, count, mask, first, last);
            }
        });
        return result;
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Run<TLanes>(byte* from, byte* to, long count, DropoutMask mask, long first, long last)
        where TLanes : struct, ILanes
    {
        var factors = stackalloc float[Philox.Block];
        for (var block = first; block < last; block++)
        {
            mask.Factors((ulong)block, factors);
            var start = (nint)(block * Philox.Block);
            var here = (int)Math.Min(Philox.Block, count - start);
            var i = 0;
            for (; i <= here - Lanes.Count; i += Lanes.Count)
            {
                TLanes.Store(to, start + i, TLanes.Load(from, start + i) * System.Runtime.Intrinsics.Vector512.Load(factors + i));
            }

            for (; i < here; i++)
            {
                TLanes.Set(to, start + i, TLanes.Get(from, start + i) * factors[i]);
            }
        }
    }
}
