using System.Globalization;
using Heirloom.Checkpoints;
using Heirloom.Training.Registry;

namespace Heirloom.Evaluation.Reports;

/// <summary>Pages about runs.</summary>
public static class RunPage
{
    /// <summary>One run: facts, scores, curves, where it came from, settings.</summary>
    public static HtmlReport Of(RegisteredRun run)
    {
        var record = run.Record;
        var page = new HtmlReport($"{run.Id}: {record.Kind.Replace('_', '-')}").Facts(Facts(run));
        if (record.Error is { } error)
        {
            page.Callout($"Stopped by an error: {error}");
        }

        if (record.Scores.Count > 0)
        {
            page.Heading("Scores").Table(["score", "value"], record.Scores.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => (IReadOnlyList<string>)[s.Key, Number(s.Value)]));
        }

        var curves = CurvesOf(run).ToList();
        if (curves.Count > 0)
        {
            page.Heading("Curves");
            curves.ForEach(plot => page.Figure(plot));
        }

        AddLineage(page, Path.Combine(run.Folder, RunFolder.CheckpointName));
        var settings = Path.Combine(run.Folder, RunFolder.SettingsName);
        return File.Exists(settings) ? page.Heading("Settings").Code(File.ReadAllText(settings)) : page;
    }

    /// <summary>A plot of each metric of a run.</summary>
    public static IEnumerable<XYPlot> CurvesOf(RegisteredRun run)
    {
        var curves = MetricCurves.Read(run.Folder);
        return curves.Names.Select(name => new XYPlot { Title = name, XLabel = "step", Height = 280, Series = [curves.Series(name, "")!] });
    }

    /// <summary>Several runs, the first of them the baseline.</summary>
    public static HtmlReport Of(RunComparison comparison)
    {
        var ids = comparison.Runs.Select(r => r.Id).ToList();
        var page = new HtmlReport(string.Join(" · ", ids));
        if (comparison.Differences.Count > 0)
        {
            page.Heading("Differences").Paragraph($"Against {ids[0]}, with 95% intervals over seeds and examples{(comparison.Caution is { } caution ? "; " + caution : "")}.")
                .Table(["score", "run", ids[0], "value", "difference", "verdict"], comparison.Differences.Select(Row));
            foreach (var score in comparison.Differences.GroupBy(d => d.Score))
            {
                page.Figure(new BarPlot { Title = $"{score.Key}: difference from {ids[0]}", Bars = [.. score.Select(d => new Bar(d.Run, d.Difference.Estimate, d.Difference.Low, d.Difference.High))] });
            }
        }

        page.Heading("Scores").Table(["score", .. ids], comparison.ScoreNames.Select(name => (IReadOnlyList<string>)
            [name, .. comparison.Runs.Select(r => r.Record.Scores.TryGetValue(name, out var value) ? Number(value) : "–")]));
        page.Heading("Settings that differ").Table(["key", .. ids], comparison.Settings.Select(s => (IReadOnlyList<string>)[s.Key, .. s.Values]));
        page.Heading("Curves");
        foreach (var plot in comparison.Curves())
        {
            page.Figure(plot);
        }

        return page;
    }

    /// <summary>A difference as cells of a table.</summary>
    public static IReadOnlyList<string> Row(ScoreDifference d) =>
        [d.Score, d.Run, Number(d.Baseline), Number(d.Value), d.Difference.ToString(), d.Better switch { true => "better", false => "worse", null => "no clear difference" }];

    public static string Number(double value) => value.ToString("G5", CultureInfo.InvariantCulture);

    private static IEnumerable<KeyValuePair<string, string>> Facts(RegisteredRun run)
    {
        var record = run.Record;
        yield return new("state", record.State == RunState.Running && !RunFolder.IsLive(run.Folder) ? "killed" : Core.Settings.SnakeCase(record.State.ToString()));
        yield return new("started", record.Started.ToString("u", CultureInfo.InvariantCulture));
        if (record.Ended is { } ended)
        {
            yield return new("took", (ended - record.Started).ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture).TrimStart('0', '.'));
        }

        yield return new("seed", record.Seed.ToString(CultureInfo.InvariantCulture));
        yield return new("code", record.Code);
        yield return new("machine", record.MadeOn);
        if (record.Weights is { } weights)
        {
            yield return new("weights", weights);
        }

        foreach (var (name, fingerprint) in record.Data)
        {
            yield return new($"data: {name}", fingerprint);
        }
    }

    private static void AddLineage(HtmlReport page, string checkpoint)
    {
        if (Directory.Exists(checkpoint) && LineageFile.Read(checkpoint) is { Parents.IsEmpty: false } lineage)
        {
            page.Heading("Made from").Table(["role", "weights", "where it lay"], lineage.Parents.Select(p => (IReadOnlyList<string>)[p.Role, p.Weights, p.Path]));
        }
    }
}
