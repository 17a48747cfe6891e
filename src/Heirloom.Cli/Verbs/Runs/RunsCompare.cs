using System.CommandLine;
using System.Text.Json;
using Heirloom.Evaluation.Reports;
using Heirloom.Training.Registry;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Runs;

/// <summary><c>heirloom runs compare A B …</c>: with intervals where the runs scored the same examples.</summary>
internal static class RunsCompare
{
    public static Command Build(CliContext context)
    {
        var names = new Argument<string[]>("runs") { Description = "the first is the baseline", Arity = new ArgumentArity(2, 100) };
        var html = new Option<string?>("--html") { Description = "also write a page with curves to this file", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "as JSON" };
        var command = new Command("compare", "Compare runs: settings, scores, curves, and intervals over seeds and examples") { names, html, json };
        command.SetAction(parsed =>
        {
            var registry = new RunRegistry(context.RunsFolder);
            var comparison = new RunComparison([.. parsed.GetRequiredValue(names).Select(registry.Find)]);
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(comparison.Differences.Select(d => new
                {
                    score = d.Score, run = d.Run, baseline = d.Baseline, value = d.Value, difference = d.Difference.Estimate, low = d.Difference.Low, high = d.Difference.High, p = d.Difference.PValue, seeds = d.Seeds, better = d.Better,
                }), RunsShow.Json));
            }
            else
            {
                Show(context, comparison);
            }

            if (parsed.GetValue(html) is { } path)
            {
                RunPage.Of(comparison).Save(path);
                context.ErrorLine($"wrote {path}");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Show(CliContext context, RunComparison comparison)
    {
        var ids = comparison.Runs.Select(r => r.Id).ToList();
        Write(context, "Scores", ["score", .. ids], comparison.ScoreNames.Select(n => (IReadOnlyList<string>)
            [n, .. comparison.Runs.Select(r => r.Record.Scores.TryGetValue(n, out var value) ? RunPage.Number(value) : "–")]));
        Write(context, $"Differences from {ids[0]} (95% intervals over seeds and examples)", ["score", "run", ids[0], "value", "difference", "verdict"], comparison.Differences.Select(RunPage.Row));
        Write(context, "Settings that differ", ["key", .. ids], comparison.Settings.Select(s => (IReadOnlyList<string>)[s.Key, .. s.Values]));
        if (comparison.Caution is { } caution)
        {
            context.Line(caution);
        }

        foreach (var name in comparison.Incomparable)
        {
            context.Line($"{name} was scored on other examples, so there is no interval for it");
        }
    }

    private static void Write(CliContext context, string title, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title)).AddColumns([.. headers.Select(Markup.Escape)]);
        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        if (table.Rows.Count > 0)
        {
            context.Out.Write(table);
        }
    }
}
