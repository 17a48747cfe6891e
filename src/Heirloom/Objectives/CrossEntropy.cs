using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Layers.Kernels;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Heirloom.Objectives;

/// <summary>How predictions of one token among many are scored.</summary>
public sealed record CrossEntropyConfig
{
    /// <summary>Share of a target's probability that is spread evenly over the vocabulary; ε of Szegedy et al. 2016, §7.</summary>
    [Range(0.0, 1.0)]
    public double LabelSmoothing { get; init; }

    /// <summary>Weight of log² Z, which keeps the softmax normalizer near one; Chowdhery et al. 2022 (PaLM), §5 use 1e-4.</summary>
    [Range(0.0, double.MaxValue)]
    public double ZLoss { get; init; }
}

/// <summary>Cross-entropy over a vocabulary or classes, averaged over the targets that count.</summary>
/// <remarks>Reduced-precision logits are widened before the softmax; float32 logits are used as they are. With no target at all the loss is 0.</remarks>
public static class CrossEntropy
{
    /// <summary>Rows whose logits are held together where memory is saved.</summary>
    private const long RowsAtOnce = 512;

    private static readonly CrossEntropyConfig Plain = new();

    /// <summary>Applies <paramref name="head"/> only where there is something to predict: logits are the largest tensor of a language model.</summary>
    /// <param name="head">Hidden vectors <c>[N, D]</c> to logits <c>[N, V]</c>.</param>
    /// <param name="hidden"><c>[…, D]</c></param>
    /// <param name="targets"><c>[…]</c> int64, <see cref="TokenBatch.Ignore"/> where there is none.</param>
    /// <param name="config">Null for plain cross-entropy.</param>
    public static Loss OfHidden(Func<Tensor, Tensor> head, Tensor hidden, Tensor targets, CrossEntropyConfig? config = null)
    {
        var h_ND = hidden.flatten(0, -2);
        var targets_N = targets.flatten();
        var at = targets_N.ne(KeptScalar.Of(TokenBatch.Ignore)).nonzero().squeeze(1);
        if (at.shape[0] < targets_N.shape[0])
        {
            h_ND = h_ND.index_select(0, at);
            targets_N = targets_N.index_select(0, at);
        }

        return Recompute.Wanted(Recomputation.FeedForward) && h_ND.shape[0] > RowsAtOnce
            ? InParts(head, h_ND, targets_N, config)
            : OfHead(head, h_ND, targets_N, config);
    }

    private static Loss OfHead(Func<Tensor, Tensor> head, Tensor h_ND, Tensor targets_N, CrossEntropyConfig? config)
    {
        var logits_NV = head(h_ND);
        return Fused(logits_NV, targets_N) ? OfAll(logits_NV, targets_N, config ?? Plain) : Of(logits_NV, targets_N, config);
    }

    /// <summary>A mean over parts of the rows, of which only one has logits at a time: they are made again when their gradient is due.</summary>
    private static Loss InParts(Func<Tensor, Tensor> head, Tensor h_ND, Tensor targets_N, CrossEntropyConfig? config)
    {
        var (rows, total) = (h_ND.shape[0], zeros(1, device: h_ND.device).squeeze());
        var sums = new Dictionary<string, double>();
        for (var start = 0L; start < rows; start += RowsAtOnce)
        {
            var count = Math.Min(RowsAtOnce, rows - start);
            var first = true;
            total = total.add(Recompute.Of(inputs =>
            {
                var loss = OfHead(head, inputs[0], inputs[1], config);
                foreach (var (name, value) in first ? loss.Parts : [])
                {
                    sums[name] = sums.GetValueOrDefault(name) + (value.to(ScalarType.Float64).item<double>() * count / rows);
                }

                first = false;
                return loss.Total.mul(tensor((float)count / rows, device: inputs[0].device));
            }, h_ND.narrow(0, start, count), targets_N.narrow(0, start, count)), KeptScalar.One);
        }

        return new(total, [.. sums.Select(p => (p.Key, tensor(p.Value, dtype: ScalarType.Float32)))]) { Terms = tensor(rows, dtype: ScalarType.Int64) };
    }

    /// <param name="logits"><c>[…, V]</c></param>
    /// <param name="targets"><c>[…]</c> int64, <see cref="TokenBatch.Ignore"/> where there is none.</param>
    /// <param name="config">Null for plain cross-entropy.</param>
    /// <returns>Parts: <c>loss</c>, and <c>z_loss</c> (already weighted) where it has a weight.</returns>
    public static Loss Of(Tensor logits, Tensor targets, CrossEntropyConfig? config = null)
    {
        config ??= Plain;
        var logits_NV = Wide(logits.flatten(0, -2));
        var targets_N = targets.flatten();
        var counted = targets_N.ne(KeptScalar.Of(TokenBatch.Ignore));
        var terms = counted.sum();
        var count = terms.clamp(min: KeptScalar.One);
        var loss = F.cross_entropy(
            logits_NV, targets_N, ignore_index: TokenBatch.Ignore, reduction: nn.Reduction.Sum, label_smoothing: config.LabelSmoothing) / count;
        if (config.ZLoss == 0)
        {
            return new(loss, ("loss", loss.detach())) { Terms = terms };
        }

        var zLoss = logits_NV.logsumexp(-1).square().mul(counted).sum().mul(KeptScalar.Of(config.ZLoss)) / count;
        return new(loss.add(zLoss, KeptScalar.One), ("loss", loss.detach()), ("z_loss", zLoss.detach())) { Terms = terms };
    }

    /// <summary>Where every row has a target and nobody else sees the logits, their gradient may take their place.</summary>
    private static Loss OfAll(Tensor logits_NV, Tensor targets_N, CrossEntropyConfig config)
    {
        var count = targets_N.shape[0];
        var (total, parts) = FusedCrossEntropy.Of(logits_NV, targets_N, TokenBatch.Ignore, count, config.LabelSmoothing, config.ZLoss);
        var terms = tensor(count, dtype: ScalarType.Int64);
        var loss = ("loss", tensor(parts.Loss, dtype: ScalarType.Float32));
        return config.ZLoss == 0
            ? new(total, loss) { Terms = terms }
            : new(total, loss, ("z_loss", tensor(parts.ZLoss, dtype: ScalarType.Float32))) { Terms = terms };
    }

    private static bool Fused(Tensor logits_NV, Tensor targets_N) =>
        FirstOrder.Holds && logits_NV.requires_grad && logits_NV.dim() == 2 && Lanes.Covers(logits_NV) && targets_N.is_contiguous();

    /// <summary>The loss of each target by itself, for evaluation.</summary>
    /// <param name="logits"><c>[…, V]</c></param>
    /// <param name="targets"><c>[…]</c> int64, <see cref="TokenBatch.Ignore"/> where there is none.</param>
    /// <returns>Nats in the shape of <paramref name="targets"/>, 0 where there is no target.</returns>
    public static Tensor PerTarget(Tensor logits, Tensor targets) => F.cross_entropy(
        Wide(logits.flatten(0, -2)), targets.flatten(), ignore_index: TokenBatch.Ignore, reduction: nn.Reduction.None).view(targets.shape);

    private static Tensor Wide(Tensor logits) => logits.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? logits.to_type(ScalarType.Float32) : logits;
}
