using System.ComponentModel.DataAnnotations;

namespace Heirloom.Training.Schedules;

/// <summary>Warm-up, then the same for ever.</summary>
public sealed record ConstantConfig : ScheduleConfig
{
    /// <summary>Steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double WarmUp { get; init; }

    public override double At(long step, long total) => Warming(step, Length(WarmUp, total)) ?? 1;
}
