using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>The memory of a tensor as bytes, in pieces, since one span cannot be longer than 2 GiB.</summary>
internal static class TensorBytes
{
    private const long PieceBytes = 1L << 28;

    public delegate void Visitor(Span<byte> bytes);

    /// <summary>Passes over all bytes in order.</summary>
    /// <param name="tensor">Contiguous, on the CPU.</param>
    /// <param name="visit">May read and write them.</param>
    public static void Pass(Tensor tensor, Visitor visit)
    {
        var count = tensor.numel();
        if (count == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        var flat = tensor.detach().view(-1);
        var step = PieceBytes / tensor.ElementSize;
        for (var done = 0L; done < count; done += step)
        {
            using var piece = flat.narrow(0, done, Math.Min(step, count - done));
            visit(piece.bytes);
        }
    }
}
