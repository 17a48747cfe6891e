using Heirloom.Core.Ranks;
using static TorchSharp.torch;

namespace Heirloom.Training;

/// <summary>What <see cref="BadSteps"/> remembers, as snapshots keep it.</summary>
internal sealed record BadStepState
{
    public long Skipped { get; init; }

    public int InARow { get; init; }

    /// <summary>Running means of gradient norms and the updates in them, by phase.</summary>
    public IReadOnlyDictionary<string, NormMean> Norms { get; init; } = new Dictionary<string, NormMean>();
}

internal sealed record NormMean(double Mean, long Count);

/// <summary>Notices losses and gradients that would ruin the weights, and says which step, batch and parameter it was.</summary>
internal sealed class BadSteps(LoopConfig config, WorkContext work, string data, BadStepState state)
{
    private const double Memory = 0.99;

    /// <summary>Updates before which a mean says too little.</summary>
    private const long Trusted = 20;

    private readonly Dictionary<string, NormMean> _norms = new(state.Norms);
    private int _inARow = state.InARow;

    public long Skipped { get; private set; } = state.Skipped;

    public BadStepState State => new() { Skipped = Skipped, InARow = _inARow, Norms = _norms };

    /// <returns>Whether the update may be made.</returns>
    /// <exception cref="UserError">It may not, and training is to stop.</exception>
    public bool Accept(Phase phase, PhaseGradient gradient, long step)
    {
        if (!double.IsFinite(gradient.Loss) || !double.IsFinite(gradient.Norm))
        {
            return Refuse(config.OnBadStep == BadStepAction.Skip, Describe(phase, gradient), phase, gradient, step);
        }

        var (mean, count) = _norms.GetValueOrDefault(phase.Name) ?? new(0, 0);
        if (count >= Trusted && gradient.Norm > config.ExplodingNorm * mean)
        {
            var what = $"the gradient's norm is {gradient.Norm:g4}, its running mean {mean:g4}, most of it in {Largest(phase)}";
            if (config.OnExplodingNorm != ExplosionAction.Note)
            {
                return Refuse(config.OnExplodingNorm == ExplosionAction.Skip, what, phase, gradient, step);
            }

            work.Progress.Note($"{Where(phase, gradient, step)}: {what}");
        }

        // the mean of what came before starts as a plain mean, so that it is no guess about the first norm
        var rate = Math.Max(1 - Memory, 1.0 / (count + 1));
        _norms[phase.Name] = new(mean + (rate * (gradient.Norm - mean)), count + 1);
        _inARow = 0;
        return true;
    }

    private bool Refuse(bool skip, string what, Phase phase, PhaseGradient gradient, long step)
    {
        var where = Where(phase, gradient, step);
        if (!skip)
        {
            throw new UserError(what, where, "lower the learning rate, clip gradients, use float32, or skip such steps (on_bad_step: skip)");
        }

        Skipped++;
        if (++_inARow > config.MaxSkips)
        {
            throw new UserError($"{what}; the {config.MaxSkips} steps before it were skipped as well", where, "lower the learning rate or use float32");
        }

        work.Progress.Note($"{where}: {what}; skipped");
        return false;
    }

    private string Describe(Phase phase, PhaseGradient gradient)
    {
        if (double.IsFinite(gradient.Loss))
        {
            return $"the gradient is not finite, first in {work.Ranks.First(GradientNorm.FirstBad(phase.Parameters))}";
        }

        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var weight = phase.Parameters.FirstOrDefault(p => !double.IsFinite(GradientNorm.SumOfSquares(p.Value.detach())))?.Name;
        var part = gradient.Parts.FirstOrDefault(p => !double.IsFinite(p.Value)).Key;
        return $"the loss is {gradient.Loss}{(part is null ? "" : $" (part {part})")}, "
            + (weight is null ? "all weights are finite, so look at the batch" : $"and so are weights, first in {weight}");
    }

    /// <summary>Of all ranks, each of which has the gradients of its own parameters.</summary>
    private string Largest(Phase phase)
    {
        var (name, squares) = GradientNorm.Largest(phase.Parameters);
        return work.Ranks.Gather([.. BitConverter.GetBytes(squares), .. TextEncoding.UTF8.GetBytes(name)])
            .Select(said => (Squares: BitConverter.ToDouble(said), Name: TextEncoding.UTF8.GetString(said.AsSpan(sizeof(double))))).MaxBy(p => p.Squares).Name;
    }

    private string Where(Phase phase, PhaseGradient gradient, long step) =>
        $"step {step + 1}{(phase.Name == Trainer.PhaseName ? "" : $" ({phase.Name})")}, batch {gradient.LastBatch} of {data}";
}
