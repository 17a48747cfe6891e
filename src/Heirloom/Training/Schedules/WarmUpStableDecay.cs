using System.ComponentModel.DataAnnotations;

namespace Heirloom.Training.Schedules;

/// <summary>How the last stretch falls.</summary>
public enum DecayShape
{
    /// <summary>1 − x.</summary>
    Linear,

    /// <summary>1 − √x, the best of those that Hägele et al. (2024, equation 2) tried.</summary>
    Sqrt,

    /// <summary>Half a cosine.</summary>
    Cosine,
}

/// <summary>
/// WSD: warm-up, a long stable stretch, a short decay (Hu et al. 2024; Hägele et al. 2024). With <see cref="WarmUp"/> in steps, a run that stands before
/// its decay may go on with more steps; one that has decayed, or a warm-up that moves with the number of steps, has another past and is refused.
/// </summary>
[Kind("wsd")]
public sealed record WarmUpStableDecayConfig : ScheduleConfig
{
    /// <summary>Steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double WarmUp { get; init; } = 0.01;

    /// <summary>Length of the decay: steps, or a share below 1.</summary>
    [Range(0, 1e12)]
    public double Decay { get; init; } = 0.2;

    public DecayShape Shape { get; init; } = DecayShape.Sqrt;

    /// <summary>Factor at the end.</summary>
    [Range(0, 1)]
    public double Final { get; init; }

    public override double At(long step, long total)
    {
        if (Warming(step, Length(WarmUp, total)) is { } warming)
        {
            return warming;
        }

        var x = step < total - Length(Decay, total) ? 0 : Progress(step, total - Length(Decay, total), total);
        return Shape switch
        {
            DecayShape.Linear => 1 + ((Final - 1) * x),
            DecayShape.Sqrt => 1 + ((Final - 1) * Math.Sqrt(x)),
            _ => Cosine(x, Final),
        };
    }
}
