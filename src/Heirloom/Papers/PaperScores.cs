using System.Collections.Immutable;

namespace Heirloom.Papers;

/// <summary>What came of a paper's run.</summary>
/// <param name="Verdicts">One for each finding.</param>
/// <param name="Arms">Every arm's score on every measurement that applies to it, for each seed (averaged over examples).</param>
/// <param name="Curves">Points that trials recorded.</param>
/// <param name="Seeds">Repetitions done.</param>
/// <param name="Seconds">Time of all trials, of those remembered from an earlier process too.</param>
/// <param name="Complete">False when the run was asked to stop before all seeds were done.</param>
public sealed record PaperScores(
    ImmutableArray<Verdict> Verdicts,
    ImmutableArray<ArmScore> Arms,
    ImmutableArray<CurvePoint> Curves,
    int Seeds,
    double Seconds,
    bool Complete);

/// <param name="Arm">Name of the arm.</param>
/// <param name="Measure">Name of the measurement.</param>
/// <param name="BySeed">Average over examples, a value for each seed.</param>
/// <param name="Seconds">Training time, a value for each seed.</param>
public sealed record ArmScore(string Arm, string Measure, ImmutableArray<double> BySeed, ImmutableArray<double> Seconds);

/// <summary>What one arm of one seed gave: kept so that an interrupted run goes on.</summary>
/// <param name="Scores">Measurement name to scores.</param>
/// <param name="Curves">Points recorded.</param>
/// <param name="Seconds">Training time.</param>
/// <param name="Total">Training and measuring time, in seconds.</param>
public sealed record TrialRecord(IReadOnlyDictionary<string, double[]> Scores, IReadOnlyList<CurvePoint> Curves, double Seconds, double Total);

/// <summary>Remembers finished trials of one (paper, settings, seed, code) between processes.</summary>
public interface ITrialMemory
{
    TrialRecord? Recall(string arm, int seed);

    void Remember(string arm, int seed, TrialRecord record);
}
