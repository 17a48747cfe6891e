using Heirloom.Training.Precision;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>What a phase's forward and backward passes gave; the gradients themselves lie in the parameters.</summary>
/// <param name="Loss">Mean over all terms of all micro-batches.</param>
/// <param name="Parts">Named parts of the loss, averaged likewise.</param>
/// <param name="Scale">What the gradients must still be multiplied by to be the gradient of that mean.</param>
/// <param name="Norm">Euclidean norm of the gradient, scaled; NaN where there was no backward pass.</param>
/// <param name="Units">Throughput.</param>
/// <param name="LastBatch">Index of the batch at which the loss was not finite, or else of the last one.</param>
internal sealed record PhaseGradient(double Loss, IReadOnlyDictionary<string, double> Parts, double Scale, double Norm, long Units, long LastBatch)
{
    /// <summary>Whether no micro-batch had anything to learn from.</summary>
    public bool IsEmpty => Scale == 0 && double.IsFinite(Loss);

    /// <summary>Computes the gradient of a step. Micro-batches count by their terms, so that k of them equal one large batch even where targets are uneven.</summary>
    public static PhaseGradient Compute(Phase phase, long step, Seed seed, Device device, bool bfloat16)
    {
        double reference = 0, terms = 0, sum = 0;
        var units = 0L;
        var parts = new Dictionary<string, double>();
        for (var micro = 0; micro < phase.Accumulate; micro++)
        {
            using var scope = NewDisposeScope();
            var index = (step * phase.Accumulate) + micro;
            var here = phase.Accumulate == 1 ? seed : seed.For("micro", micro);
            here.Pin();
            var forwarded = Forward(phase, index, here, device, bfloat16);
            units += forwarded.Units;
            var loss = forwarded.Loss;
            var weight = phase.Accumulate == 1 ? 1 : loss.Terms?.to(float64).item<double>() ?? forwarded.Count;
            if (weight == 0)
            {
                continue; // nothing to learn here, and a mean over nothing is not a number
            }

            var value = loss.Total.to(float64).item<double>();
            foreach (var (name, part) in loss.Parts)
            {
                parts[name] = parts.GetValueOrDefault(name) + (part.to(float64).item<double>() * weight);
            }

            sum += value * weight;
            terms += weight;
            if (!double.IsFinite(value))
            {
                return new(value, Average(parts, terms), 0, double.NaN, units, index);
            }

            // relative to the first weight, since the sum is known only after the last one; with equal weights nothing is multiplied
            reference = reference == 0 ? weight : reference;
            using var _ = enable_grad();
            (weight == reference ? loss.Total : loss.Total * (weight / reference)).backward();
        }

        var scale = terms == 0 ? 0 : reference / terms;
        return new(terms == 0 ? 0 : sum / terms, Average(parts, terms), scale, GradientNorm.Of(phase.Parameters) * scale, units, ((step + 1) * phase.Accumulate) - 1);
    }

    private static Forwarded Forward(Phase phase, long index, Seed seed, Device device, bool bfloat16)
    {
        using var _ = enable_grad();
        using var autocast = bfloat16 ? new Autocast(device) : null;
        return phase.Forward(index, seed);
    }

    private static Dictionary<string, double> Average(Dictionary<string, double> sums, double terms) =>
        sums.ToDictionary(p => p.Key, p => p.Value / terms);
}
