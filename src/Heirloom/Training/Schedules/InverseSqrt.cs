using System.ComponentModel.DataAnnotations;

namespace Heirloom.Training.Schedules;

/// <summary>min(s / w, √(w / s)) with s counted from 1 and w steps of warm-up (Vaswani et al. 2017, equation 3, with its peak at 1; Raffel et al. 2020).</summary>
public sealed record InverseSqrtConfig : ScheduleConfig
{
    /// <summary>w: steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double WarmUp { get; init; } = 0.01;

    public override double At(long step, long total)
    {
        var warmUp = Math.Max(1, Length(WarmUp, total));
        return Math.Min((step + 1) / warmUp, Math.Sqrt(warmUp / (step + 1)));
    }
}
