using Heirloom.Layers.Kernels;
using Heirloom.Training.Precision;
using Heirloom.Training.Ranks;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>Running sums over the micro-batches of a step, before anything is divided; the gradients beside them lie in the parameters.</summary>
internal sealed class GradientSums
{
    /// <summary>Losses times their weights.</summary>
    public double Sum { get; set; }

    /// <summary>All weights: terms, or examples.</summary>
    public double Terms { get; set; }

    /// <summary>The weight that gradients are relative to; 0 where there was no backward pass.</summary>
    public double Reference { get; set; }

    public long Units { get; set; }

    /// <summary>A loss that is not finite, with which the step ended; null where all are.</summary>
    public double? Bad { get; set; }

    /// <summary>Index of the batch that gave it, or else of the step's last.</summary>
    public long LastBatch { get; set; }

    public Dictionary<string, double> Parts { get; init; } = [];

    /// <summary>What gradients must be multiplied by to be those of the mean.</summary>
    public double Scale => Bad is not null || Terms == 0 ? 0 : Reference / Terms;

    /// <param name="squares">Sum of the squares of all gradients, unscaled.</param>
    public PhaseGradient ToGradient(double squares) => new(
        Bad ?? (Terms == 0 ? 0 : Sum / Terms), Parts.ToDictionary(p => p.Key, p => p.Value / Terms), Scale, Bad is null ? Math.Sqrt(squares) * Scale : double.NaN, Units, LastBatch);

    /// <summary>
    /// Computes a rank's part of the gradient of a step. Micro-batches count by their terms, so that k of them equal one large batch even where targets are uneven.
    /// </summary>
    public static GradientSums Of(Phase phase, long step, Seed seed, WorkContext work, bool bfloat16)
    {
        var sums = new GradientSums { LastBatch = ((step + 1) * phase.Accumulate) - 1 };
        var alone = phase.Accumulate == 1 && work.Ranks.Count == 1;
        foreach (var (micro, share, shares) in StepShare.Of(phase.Accumulate, work.Ranks.Rank, work.Ranks.Count))
        {
            using var scope = NewDisposeScope();
            var index = (step * phase.Accumulate) + micro;
            var here = phase.Accumulate == 1 ? seed : seed.For("micro", micro);
            here = shares == 1 ? here : here.For("share", share);
            here.Pin();
            if (Forward(phase, new(index, share, shares), here, work.Device, bfloat16) is not { } forwarded)
            {
                continue;
            }

            sums.Units += forwarded.Units;
            var loss = forwarded.Loss;
            var weight = alone ? 1 : loss.Terms?.to(float64).item<double>() ?? forwarded.Count;
            if (weight == 0)
            {
                continue; // nothing to learn here, and a mean over nothing is not a number
            }

            var value = loss.Total.to(float64).item<double>();
            foreach (var (name, part) in loss.Parts)
            {
                sums.Parts[name] = sums.Parts.GetValueOrDefault(name) + (part.to(float64).item<double>() * weight);
            }

            sums.Sum += value * weight;
            sums.Terms += weight;
            if (!double.IsFinite(value))
            {
                (sums.Bad, sums.LastBatch) = (value, index);
                break;
            }

            // relative to the first weight, since the sum is known only after the last one; with equal weights nothing is multiplied
            sums.Reference = sums.Reference == 0 ? weight : sums.Reference;
            using var _ = enable_grad();
            if (weight == sums.Reference)
            {
                loss.Total.backward();
            }
            else
            {
                Scalar ratio = weight / sums.Reference;
                loss.Total.mul(ratio).backward();
                GC.KeepAlive(ratio); // see KeptScalar
            }
        }

        return sums;
    }

    private static Forwarded? Forward(Phase phase, BatchPart part, Seed seed, Device device, bool bfloat16)
    {
        using var _ = enable_grad();
        using var autocast = bfloat16 ? new Autocast(device) : null;
        using var kernels = new FirstOrder(seed.For("dropout")) // the backward pass above records nothing
        {
            Recompute = phase.Recompute,
            Precision = () => bfloat16 ? new Autocast(device) : null,
        };
        return phase.Forward(part, seed);
    }
}
