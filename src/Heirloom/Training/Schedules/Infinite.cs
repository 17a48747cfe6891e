using System.ComponentModel.DataAnnotations;

namespace Heirloom.Training.Schedules;

/// <summary>
/// Warm-up, cool-down to a constant that can be kept for ever, and annealing at will, from any point of it (Singh et al. 2025, "Beyond Cosine Decay", section 3).
/// With lengths in steps a run may go on with more steps, or with <see cref="Anneal"/> set now, exactly as if it had been meant to, since its past is
/// unchanged. Lengths that are shares move with the number of steps: then only what lies ahead may change, and another past is refused.
/// </summary>
public sealed record InfiniteConfig : ScheduleConfig
{
    /// <summary>T_warmup: steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double WarmUp { get; init; } = 0.01;

    /// <summary>Length of the cosine cool-down: steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double CoolDown { get; init; } = 0.3;

    /// <summary>η_const / η_max.</summary>
    [Range(0, 1)]
    public double Constant { get; init; } = 0.5;

    /// <summary>Length of the exponential annealing at the end: steps, or a share below 1; 0 for none.</summary>
    [Range(0, 1e12)]
    public double Anneal { get; init; }

    /// <summary>η_min / η_max, reached at the end of annealing.</summary>
    [Range(1e-12, 1)]
    public double Final { get; init; } = 0.01;

    public override double At(long step, long total)
    {
        var warmUp = Length(WarmUp, total);
        if (Warming(step, warmUp) is { } warming)
        {
            return warming;
        }

        var anneal = Length(Anneal, total);
        if (anneal > 0 && step >= total - anneal)
        {
            return Settled(total - anneal, warmUp, total) is var start && start > 0
                ? start * Math.Pow(Final / start, Progress(step, total - anneal, total))
                : 0;
        }

        return Settled(step, warmUp, total);
    }

    private double Settled(double step, double warmUp, long total) =>
        Cosine(Progress(step, warmUp, warmUp + Length(CoolDown, total)), Constant);
}
