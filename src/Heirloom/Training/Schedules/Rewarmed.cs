using System.ComponentModel.DataAnnotations;

namespace Heirloom.Training.Schedules;

/// <summary>For continued pretraining: a linear re-warm-up from where pretraining ended to the maximum, then half a cosine down (Gupta et al. 2023; Ibrahim et al. 2024).</summary>
public sealed record RewarmedConfig : ScheduleConfig
{
    /// <summary>Length of the re-warm-up: steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double WarmUp { get; init; } = 0.01;

    /// <summary>Factor from which it starts: what pretraining ended with.</summary>
    [Range(0, 1)]
    public double Start { get; init; } = 0.1;

    /// <summary>Factor at the end.</summary>
    [Range(0, 1)]
    public double Final { get; init; } = 0.1;

    public override double At(long step, long total)
    {
        var warmUp = Length(WarmUp, total);
        return Warming(step, warmUp, Start) ?? Cosine(Progress(step, warmUp, total), Final);
    }
}
