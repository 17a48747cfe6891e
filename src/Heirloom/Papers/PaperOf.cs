using System.Collections.Immutable;
using System.Diagnostics;
using Heirloom.Evaluation.Statistics;
using static TorchSharp.torch;

namespace Heirloom.Papers;

/// <summary>A paper whose arms make a <typeparamref name="TSubject"/> (a model, a sampler, a set of scores) from a trial.</summary>
public sealed record Paper<TSettings, TSubject> : Paper
    where TSettings : PaperSettings
    where TSubject : notnull
{
    public required TSettings Smoke { get; init; }

    public required TSettings Quick { get; init; }

    public required TSettings Full { get; init; }

    /// <summary>Method and baselines; each is trained once a seed, from the same seed.</summary>
    public required ImmutableArray<Arm<TSettings, TSubject>> Train { get; init; }

    /// <summary>The yardsticks.</summary>
    public required ImmutableArray<Measurement<TSettings, TSubject>> Measure { get; init; }

    public override IReadOnlyList<string> Arms => [.. Train.Select(a => a.Name)];

    public override IReadOnlyList<MeasurementInfo> Measurements => Measure;

    public override PaperSettings SettingsOf(Profile profile) => profile switch
    {
        Profile.Smoke => Smoke,
        Profile.Quick => Quick,
        _ => Full,
    };

    public override PaperScores Run(PaperSettings settings, Seed seed, WorkContext work, ITrialMemory memory, int? only = null)
    {
        var records = new Dictionary<(string Arm, int Seed), TrialRecord>();
        var mine = (TSettings)settings;
        var done = 0;
        using var progress = work.Progress.Begin($"P{Id:000}", (long)mine.Seeds * Train.Length, "arms");
        for (var index = only ?? 0; index < (only + 1 ?? mine.Seeds) && !work.Stop.IsCancellationRequested; index++)
        {
            var trial = new Trial<TSettings>(mine, index, seed.For("trial", index), work);
            try
            {
                foreach (var arm in Train)
                {
                    progress.Report((index * Train.Length) + records.Count(r => r.Key.Seed == index), $"seed {index + 1}/{mine.Seeds}: {arm.Name}");
                    var record = memory.Recall(arm.Name, index) ?? RunArm(arm, trial);
                    if (work.Stop.IsCancellationRequested)
                    {
                        break;
                    }

                    memory.Remember(arm.Name, index, record);
                    records[(arm.Name, index)] = record;
                }
            }
            catch (OperationCanceledException) when (work.Stop.IsCancellationRequested)
            {
                // the seed under way is not done; those before it are
            }
            finally
            {
                trial.Release();
            }

            done += Train.All(a => records.ContainsKey((a.Name, index))) ? 1 : 0;
        }

        return Summarize(records, only is null ? done : 0, mine.Seeds);
    }

    private TrialRecord RunArm(Arm<TSettings, TSubject> arm, Trial<TSettings> trial)
    {
        trial.Arm = arm.Name;
        trial.ForgetPoints();
        var clock = Stopwatch.StartNew();
        var subject = arm.Train(trial);
        var seconds = clock.Elapsed.TotalSeconds;
        try
        {
            var scores = Measure
                .Where(m => m.AppliesTo(arm.Name) && !trial.Work.Stop.IsCancellationRequested)
                .ToDictionary(m => m.Name, m => Score(m, subject, trial), StringComparer.Ordinal);
            return new(scores, [.. trial.Points], seconds, clock.Elapsed.TotalSeconds);
        }
        finally
        {
            (subject as IDisposable)?.Dispose();
        }
    }

    private static double[] Score(Measurement<TSettings, TSubject> measurement, TSubject subject, Trial<TSettings> trial)
    {
        using var scope = NewDisposeScope();
        (subject as nn.Module)?.eval();
        return measurement.Of(subject, trial);
    }

    private PaperScores Summarize(Dictionary<(string Arm, int Seed), TrialRecord> records, int done, int wanted)
    {
        if (done == 0)
        {
            return new([], [], [], 0, 0, false);
        }

        var verdicts = Findings.Select(f =>
        {
            var measure = Measure.Single(m => m.Name == f.Measure);
            return Verdict.Of(f, measure.Better, Matrix(records, f.Method, measure, done), f.Baseline is null ? null : Matrix(records, f.Baseline, measure, done));
        });
        var arms =
            from arm in Train
            from measure in Measure
            where measure.AppliesTo(arm.Name)
            select new ArmScore(
                arm.Name,
                measure.Name,
                [.. Enumerable.Range(0, done).Select(s => records[(arm.Name, s)].Scores[measure.Name].Average())],
                [.. Enumerable.Range(0, done).Select(s => records[(arm.Name, s)].Seconds)]);
        return new([.. verdicts], [.. arms], [.. records.Values.SelectMany(r => r.Curves)], done, records.Values.Sum(r => r.Total), done == wanted);
    }

    private static ScoreMatrix Matrix(
        Dictionary<(string Arm, int Seed), TrialRecord> records, string arm, Measurement<TSettings, TSubject> measure, int seeds)
    {
        var rows = Enumerable.Range(0, seeds).Select(s => records[(arm, s)].Scores[measure.Name]).ToList();
        return measure.SameExamples ? new(rows) : new([.. rows.Select(r => new[] { r.Average() })]);
    }
}
