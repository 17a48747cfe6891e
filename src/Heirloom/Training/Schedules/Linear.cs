using System.ComponentModel.DataAnnotations;

namespace Heirloom.Training.Schedules;

/// <summary>Warm-up, then a straight line down to <see cref="Final"/> at the end (Devlin et al. 2019).</summary>
public sealed record LinearConfig : ScheduleConfig
{
    /// <summary>Steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double WarmUp { get; init; }

    /// <summary>Factor at the end.</summary>
    [Range(0, 1)]
    public double Final { get; init; }

    public override double At(long step, long total)
    {
        var warmUp = Length(WarmUp, total);
        return Warming(step, warmUp) ?? 1 + ((Final - 1) * Progress(step, warmUp, total));
    }
}
