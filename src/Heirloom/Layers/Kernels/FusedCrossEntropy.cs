using static TorchSharp.torch;

namespace Heirloom.Layers.Kernels;

/// <summary>Values of the parts of a loss.</summary>
internal sealed class LossParts
{
    public double Loss { get; set; }

    public double ZLoss { get; set; }
}

/// <summary>Mean cross-entropy whose gradient is computed with it and takes the logits' place, so that neither float32 logits nor their softmax are ever made.</summary>
internal sealed class FusedCrossEntropy : autograd.SingleTensorFunction<FusedCrossEntropy>
{
    public override string Name => nameof(FusedCrossEntropy);

    /// <summary>Loss over rows that count plus the weighted log² Z.</summary>
    /// <param name="logits"><c>[N, V]</c>, contiguous, float32 or bfloat16, that nobody else reads: it is overwritten.</param>
    /// <param name="targets"><c>[N]</c> int64.</param>
    /// <param name="ignored">The target of rows that do not count.</param>
    /// <param name="count">Rows that count.</param>
    /// <param name="smoothing">ε.</param>
    /// <param name="zLoss">Weight of log² Z.</param>
    /// <returns>A scalar, float32, and the means of its parts.</returns>
    /// <exception cref="UserError">A target is no class.</exception>
    public static (Tensor Total, LossParts Parts) Of(Tensor logits, Tensor targets, long ignored, long count, double smoothing, double zLoss)
    {
        var parts = new LossParts();
        return (apply(logits, targets, ignored, count, smoothing, zLoss, parts), parts);
    }

    public override unsafe Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (logits, targets, ignored, parts) = ((Tensor)vars[0], (Tensor)vars[1], (long)vars[2], (LossParts)vars[6]);
        var (rows, classes) = ((int)logits.shape[0], (int)logits.shape[1]);
        var scale = 1.0 / Math.Max(1, (long)vars[3]);
        var constants = new CrossEntropyKernel.Constants((double)vars[4], (double)vars[5], scale);
        var wanted = (long*)Lanes.Address(targets);
        for (var i = 0; i < rows; i++)
        {
            if (wanted[i] != ignored && (wanted[i] < 0 || wanted[i] >= classes))
            {
                throw new UserError($"target {wanted[i]} lies outside the {classes} classes of the logits", "loss", "tokenize with the model's own tokenizer");
            }
        }

        var (loss, z) = logits.dtype == ScalarType.BFloat16
            ? CrossEntropyKernel.Run<BFloat16Lanes>(Lanes.Address(logits), rows, classes, wanted, ignored, constants)
            : CrossEntropyKernel.Run<FloatLanes>(Lanes.Address(logits), rows, classes, wanted, ignored, constants);
        (parts.Loss, parts.ZLoss) = (loss * scale, z * scale);

        // libtorch counts changes: whoever kept the logits for a backward pass of his own is told
        using (var same = logits.detach())
        using (var nothing = same.narrow(0, 0, 0))
        using (nothing.zero_())
        {
            ctx.save_for_backward([logits]);
        }

        GC.KeepAlive(targets); // its address was read
        return tensor((loss + z) * scale, dtype: ScalarType.Float32);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        FirstOrder.Require();
        var gradient = ctx.get_saved_variables()[0].detach();
        if (grad_output.item<float>() != 1)
        {
            gradient = gradient.mul(grad_output); // a scalar tensor changes no type
        }

        return [gradient, null!, null!, null!, null!, null!, null!];
    }
}
