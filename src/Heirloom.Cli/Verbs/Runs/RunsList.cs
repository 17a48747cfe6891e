using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Heirloom.Evaluation.Reports;
using Heirloom.Training.Registry;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Runs;

/// <summary><c>heirloom runs list</c></summary>
internal static class RunsList
{
    public static Command Build(CliContext context)
    {
        var json = new Option<bool>("--json") { Description = "as JSON" };
        var command = new Command("list", "All runs, the newest first") { json };
        command.SetAction(parsed =>
        {
            var runs = new RunRegistry(context.RunsFolder).List();
            if (parsed.GetValue(json))
            {
                context.Line(JsonSerializer.Serialize(runs.Select(r => new
                {
                    id = r.Id, folder = r.Folder, kind = r.Record.Kind, state = RunsShow.State(r), started = r.Record.Started, seed = r.Record.Seed, scores = r.Record.Scores,
                }), RunsShow.Json));
            }
            else if (runs.Count == 0)
            {
                context.Line($"no runs under {context.RunsFolder}; start one with: heirloom run recipes/pretrain.yaml");
            }
            else
            {
                context.Out.Write(Table(runs));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static Table Table(IReadOnlyList<RegisteredRun> runs)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("run", "kind", "state", "started", "scores");
        foreach (var run in runs)
        {
            var scores = run.Record.Scores.OrderBy(s => s.Key, StringComparer.Ordinal).Take(4).Select(s => $"{s.Key} {RunPage.Number(s.Value)}");
            table.AddRow(new Text(run.Id), new Text(run.Record.Kind), new Text(RunsShow.State(run)),
                new Text(run.Record.Started.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)), new Text(string.Join(", ", scores)));
        }

        return table;
    }
}
