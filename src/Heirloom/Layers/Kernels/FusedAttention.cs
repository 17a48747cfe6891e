using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Layers.Kernels;

/// <summary>
/// Attention in bfloat16 as batched matrix products with one pass over the scores between them, which keeps the weights for the backward pass: faster than a
/// kernel that never stores them while the scores are small (see <see cref="Fits"/>).
/// </summary>
internal sealed class FusedAttention : autograd.SingleTensorFunction<FusedAttention>
{
    /// <summary>Beyond so many keys the stored weights cost more than computing them again.</summary>
    private const long MostKeys = 1024;

    public override string Name => nameof(FusedAttention);

    /// <summary>Whether it can be used, and is the faster.</summary>
    /// <param name="query">Of the type in which all is computed.</param>
    /// <param name="keys">S.</param>
    /// <param name="bias">Added to the scores, or null.</param>
    public static bool Fits(Tensor query, long keys, Tensor? bias) =>
        FirstOrder.Holds && Lanes.IsSupported && query.device_type == DeviceType.CPU && query.dtype == ScalarType.BFloat16
        && keys <= MostKeys && query.shape[2] > 1 && (bias is null || bias.dim() == 4);

    /// <param name="query"><c>[B, H, T, K]</c></param>
    /// <param name="keys"><c>[B, H, S, K]</c></param>
    /// <param name="values"><c>[B, H, S, K]</c></param>
    /// <param name="bias">Added to the scaled scores, broadcasts to <c>[B, H, T, S]</c>; null for nothing.</param>
    /// <param name="scale">Factor on the scores.</param>
    /// <param name="causal">Whether query t sees keys 0 … t alone; needs T = S.</param>
    /// <param name="mask">Drops weights.</param>
    /// <returns><c>[B, H, T, K]</c>, a view of <c>[B, T, H, K]</c> where the query is one.</returns>
    public static Tensor Of(Tensor query, Tensor keys, Tensor values, Tensor? bias, double scale, bool causal, DropoutMask mask)
    {
        bias = bias?.to(ScalarType.BFloat16).expand(-1, -1, query.shape[2], keys.shape[2]).contiguous();
        return bias is null ? apply(query, keys, values, null!, (float)scale, causal, mask) : apply(query, keys, values, bias, (float)scale, causal, mask);
    }

    public override unsafe Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (query, keys, values, bias) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], vars[3] as Tensor);
        using var scope = NewDisposeScope();
        var (rows, heads, queries) = (query.shape[0], query.shape[1], query.shape[2]);
        var (q, k, v) = (Flat(query), Flat(keys), Flat(values));
        var weights = q.bmm(k.transpose(1, 2));
        var form = Form(heads, queries, keys.shape[2], (float)vars[4], (bool)vars[5], bias, (DropoutMask)vars[6]);
        SoftmaxKernel.Forward(Lanes.Address(weights), rows * heads * queries, form);

        // they are kept when this returns, so the scope must not take them
        Tensor[] kept = [q, k, v, weights];
        ctx.save_for_backward([.. kept.Select(t => t.MoveToOuterDisposeScope()), .. bias is null ? Array.Empty<Tensor>() : [bias]]);
        ctx.save_data("form", (form, rows));
        return Dropped(weights, rows, form).bmm(v).view(rows, heads, queries, -1).MoveToOuterDisposeScope();
    }

    public override unsafe List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        FirstOrder.Require();
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (q, k, v, weights) = (saved[0], saved[1], saved[2], saved[3]);
        var (form, rows) = ((SoftmaxForm, long))ctx.get_data("form");
        var gradient = Flat(grad_output);
        var ofValues = Dropped(weights, rows, form).transpose(1, 2).bmm(gradient);
        var ofScores = gradient.bmm(v.transpose(1, 2));
        var ofBias = saved.Count > 4 && saved[4].requires_grad;

        // a bias is added behind the scale, so its gradient lacks it
        var unscaled = ofBias ? form with { Scale = 1 } : form;
        SoftmaxKernel.Backward(Lanes.Address(weights), Lanes.Address(ofScores), ofScores.shape[0] * ofScores.shape[1], unscaled);
        var (ofQuery, ofKeys) = (ofScores.bmm(k), ofScores.transpose(1, 2).bmm(q));
        Tensor? biasGradient = null;
        if (ofBias)
        {
            using Scalar scale = form.Scale;
            (ofQuery, ofKeys) = (ofQuery.mul_(scale), ofKeys.mul_(scale));
            biasGradient = Reduced(ofScores.view(rows, form.Heads, form.Queries, form.Keys), saved[4].shape).MoveToOuterDisposeScope();
        }

        return [Apart(ofQuery), Apart(ofKeys), Apart(ofValues), biasGradient!, null!, null!, null!];

        Tensor Apart(Tensor flat) => flat.view(rows, form.Heads, flat.shape[1], -1).MoveToOuterDisposeScope();
    }

    private static unsafe SoftmaxForm Form(long heads, long queries, long keys, float scale, bool causal, Tensor? bias, DropoutMask mask)
    {
        var shape = bias?.shape;
        var added = bias is null ? default : new ScoreBias(
            (nint)Lanes.Address(bias), shape![0] == 1 ? 0 : shape[1] * queries * keys, shape[1] == 1 ? 0 : queries * keys, keys);
        return new(heads, (int)queries, (int)keys, scale, causal, added, mask);
    }

    private static unsafe Tensor Dropped(Tensor weights, long rows, SoftmaxForm form)
    {
        if (form.Mask.IsEmpty)
        {
            return weights;
        }

        var dropped = empty_like(weights);
        SoftmaxKernel.Drop(Lanes.Address(weights), Lanes.Address(dropped), rows * form.Heads * form.Queries, form);
        return dropped;
    }

    /// <summary>Sums over what a bias of this shape is shared by.</summary>
    private static Tensor Reduced(Tensor gradient, long[] shape)
    {
        long[] shared = [.. new long[] { 0, 1 }.Where(d => shape[d] == 1 && gradient.shape[d] > 1)];
        return shared.Length == 0 ? gradient : gradient.sum(shared, keepdim: true);
    }

    private static Tensor Flat(Tensor x) => x.reshape(-1, x.shape[2], x.shape[3]).contiguous();
}
