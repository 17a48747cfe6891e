namespace Heirloom.Training.Schedules;

/// <summary>The learning rate over time, as a multiple of the optimizer's: a pure function, so that resuming needs nothing saved.</summary>
/// <remarks>Lengths are steps, or a share of all steps where they are below 1.</remarks>
public abstract record ScheduleConfig : Kinded
{
    /// <param name="step">Index of the update, from 0.</param>
    /// <param name="total">Steps of the whole training.</param>
    /// <returns>The factor, usually in [0, 1].</returns>
    public abstract double At(long step, long total);

    /// <summary>A length in steps.</summary>
    protected static double Length(double stepsOrShare, long total) => stepsOrShare < 1 ? stepsOrShare * total : stepsOrShare;

    /// <summary>The factor while warming up linearly, or null when that is over; the first update takes one part, never nothing.</summary>
    protected static double? Warming(long step, double warmUp, double from = 0) =>
        step < warmUp ? from + ((1 - from) * Math.Min(1, (step + 1) / warmUp)) : null;

    /// <summary>How far <paramref name="step"/> is from <paramref name="start"/> to <paramref name="end"/>, in [0, 1].</summary>
    protected static double Progress(double step, double start, double end) =>
        end <= start ? 1 : Math.Clamp((step - start) / (end - start), 0, 1);

    /// <summary>From 1 to <paramref name="final"/> along half a cosine.</summary>
    protected static double Cosine(double progress, double final) => final + ((1 - final) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
}
