using Heirloom.Evaluation.Statistics;

namespace Heirloom.Papers;

/// <summary>What the measurements say of a finding; never written by hand.</summary>
/// <param name="Finding">What was claimed.</param>
/// <param name="Effect">How much better the method is than the baseline, in the measure's unit, positive when better; its p-value is against the finding's margin.</param>
/// <param name="MethodMean">The method's average score.</param>
/// <param name="BaselineMean">The baseline's average score, or the constant.</param>
public sealed record Verdict(Finding Finding, Interval Effect, double MethodMean, double BaselineMean)
{
    /// <summary>The interval lies above the margin.</summary>
    public bool Reproduced => Effect.Low > Finding.Margin;

    /// <summary><c>reproduced</c> or <c>not-reproduced</c>.</summary>
    public string Name => Reproduced ? "reproduced" : "not-reproduced";

    /// <summary>Why it is not, in a few words.</summary>
    public string Reason => Reproduced ? "" :
        double.IsInfinity(Effect.Low) ? "one seed gives no interval" :
        Effect.High < Finding.Margin ? "the effect is below what is claimed" :
        Effect.Estimate > Finding.Margin ? "the sign is as claimed, the interval does not exclude the opposite" :
        "no effect in the claimed direction";

    /// <summary>Computes it from scores.</summary>
    /// <param name="finding">What is claimed.</param>
    /// <param name="better">Which way the measure is better.</param>
    /// <param name="method">The method's scores.</param>
    /// <param name="baseline">The baseline's scores; not read when the finding holds against a constant.</param>
    public static Verdict Of(Finding finding, Better better, ScoreMatrix method, ScoreMatrix? baseline)
    {
        // what is tested is the excess over all that the claim allows for, so that the p-value and the interval speak of the same bound
        var margin = better is Better.Higher ? finding.Margin : -finding.Margin;
        var beyond = method.Plus(-margin - (finding.Constant ?? 0));
        var excess = (finding.Constant is null ? MultiBootstrap.Compare(beyond, baseline!, finding.Design) : MultiBootstrap.Mean(beyond)).Combined;
        var difference = excess.Plus(margin);
        return new(finding, better is Better.Higher ? difference : difference.Negated(), method.Mean, finding.Constant ?? baseline!.Mean);
    }
}
