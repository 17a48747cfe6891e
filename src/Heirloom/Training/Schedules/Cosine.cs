using System.ComponentModel.DataAnnotations;

namespace Heirloom.Training.Schedules;

/// <summary>Warm-up, then half a cosine down to <see cref="Final"/> at the end (Loshchilov and Hutter 2017, equation 5, without restarts).</summary>
public sealed record CosineConfig : ScheduleConfig
{
    /// <summary>Steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double WarmUp { get; init; } = 0.01;

    /// <summary>Factor at the end: η_min / η_max.</summary>
    [Range(0, 1)]
    public double Final { get; init; } = 0.1;

    public override double At(long step, long total)
    {
        var warmUp = Length(WarmUp, total);
        return Warming(step, warmUp) ?? Cosine(Progress(step, warmUp, total), Final);
    }
}
