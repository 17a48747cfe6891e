using Heirloom.Evaluation.Statistics;
using Heirloom.Training.Registry;

namespace Heirloom.Evaluation.Reports;

/// <summary>What a run gains over the first on one set of examples.</summary>
/// <param name="Score">What was measured on what.</param>
/// <param name="Run">The run that is compared with the first.</param>
/// <param name="Baseline">Mean of the first.</param>
/// <param name="Value">Mean of this one.</param>
/// <param name="Difference">This minus the first, over seeds and examples.</param>
/// <param name="Better">True or false where the interval excludes zero, null where it does not.</param>
/// <param name="Seeds">The fewer seeds of the two. With one, the interval is over examples alone: it speaks of these weights and not of another training.</param>
public sealed record ScoreDifference(string Score, string Run, double Baseline, double Value, Interval Difference, bool? Better, int Seeds);

/// <summary>Runs side by side, the first of them the baseline.</summary>
public sealed class RunComparison
{
    /// <exception cref="UserError">Fewer than two runs, or a damaged file of scores.</exception>
    public RunComparison(IReadOnlyList<RegisteredRun> runs)
    {
        Runs = runs.Count > 1 ? runs : throw new UserError("a comparison needs at least two runs", mend: "name another");
        Settings = SettingsDiff.Of([.. runs.Select(SettingsOf)]);
        var scores = runs.Select(r => ExampleScores.Read(r.Folder)).ToList();
        Differences = [.. scores[0].SelectMany(b => Enumerable.Range(1, runs.Count - 1)
            .Select(i => (Run: runs[i].Id, Scores: scores[i].FirstOrDefault(s => s.Name == b.Name && s.Examples == b.Examples)))
            .Where(m => m.Scores is not null).Select(m => Compare(b, m.Run, m.Scores!)))];
        Incomparable = [.. scores[0].Where(b => scores.Skip(1).Any(s => s.Any(m => m.Name == b.Name && m.Examples != b.Examples))).Select(b => b.Name)];
    }

    public IReadOnlyList<RegisteredRun> Runs { get; }

    /// <summary>Settings on which they differ.</summary>
    public IReadOnlyList<(string Key, IReadOnlyList<string> Values)> Settings { get; }

    /// <summary>Scores of the same examples, with intervals.</summary>
    public IReadOnlyList<ScoreDifference> Differences { get; }

    /// <summary>Scores of the same name that were taken on other examples.</summary>
    public IReadOnlyList<string> Incomparable { get; }

    /// <summary>What an interval over one seed leaves open, or null.</summary>
    public string? Caution => Differences.Any(d => d.Seeds == 1)
        ? "with one seed, intervals are over examples alone: they say nothing about another training of the same recipe"
        : null;

    /// <summary>Names of final scores that any of them has.</summary>
    public IReadOnlyList<string> ScoreNames => [.. Runs.SelectMany(r => r.Record.Scores.Keys).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Curves of every metric that at least one has, all runs in one plot.</summary>
    public IEnumerable<XYPlot> Curves()
    {
        var curves = Runs.Select(r => (r.Id, Curves: MetricCurves.Read(r.Folder))).ToList();
        foreach (var metric in curves.SelectMany(c => c.Curves.Names).Distinct())
        {
            yield return new() { Title = metric, XLabel = "step", Series = [.. curves.Select(c => c.Curves.Series(metric, c.Id)).OfType<Series>()] };
        }
    }

    private static string SettingsOf(RegisteredRun run)
    {
        var path = Path.Combine(run.Folder, RunFolder.SettingsName);
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    private static ScoreDifference Compare(ExampleScores baseline, string run, ExampleScores method)
    {
        var design = baseline.Seeds.SequenceEqual(method.Seeds) ? SeedDesign.Paired : SeedDesign.Unpaired;
        var (b, m) = (new ScoreMatrix(baseline.Rows), new ScoreMatrix(method.Rows));
        var seeds = Math.Min(b.Seeds, m.Seeds);
        var result = MultiBootstrap.Compare(m, b, design);
        var interval = seeds == 1 ? result.Percentile : result.Combined;
        return new(baseline.Name, run, b.Mean, m.Mean, interval, interval.ExcludesZero ? interval.Estimate > 0 == baseline.HigherIsBetter : null, seeds);
    }
}
