using System.CommandLine;
using Heirloom.Papers;
using Heirloom.Reproductions;

namespace Heirloom.Cli.Verbs.Papers;

/// <summary><c>papers show N</c>: claim, arms, measurements, departures, settings and what was measured.</summary>
internal static class PapersShow
{
    public static Command Build(CliContext context)
    {
        var id = new Argument<int>("number") { Description = "the row's number, 0 to 200" };
        var command = new Command("show", "Show one row: claim, arms, settings, departures, results") { id };
        command.SetAction(parsed =>
        {
            var row = Catalogue.Library.Row(parsed.GetRequiredValue(id));
            context.Line($"{row.Id}. {row.Title}  [{row.Family}]");
            if (row.Paper is { } paper)
            {
                Describe(context, paper);
            }
            else
            {
                context.Line("Not implemented yet.");
            }

            foreach (var result in PaperResults.All(context).Where(r => r.Id == row.Id))
            {
                context.Line();
                ResultTable.Show(context, result);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Describe(CliContext context, Paper paper)
    {
        context.Line($"{paper.Source.Authors} {paper.Source.Year}, {paper.Source.Link}");
        context.Line();
        context.Line($"Claim: {paper.Claim}");
        context.Line($"Arms: {string.Join("; ", paper.Arms)}");
        context.Line($"Measurements: {string.Join("; ", paper.Measurements.Select(m => $"{m.Name}{(m.Unit.Length > 0 ? $" ({m.Unit})" : "")}, {m.Better.ToString().ToLowerInvariant()} is better"))}");
        context.Line("Findings:");
        foreach (var finding in paper.Findings)
        {
            context.Line($"  - {finding.Claim}: {finding.Method} against {finding.Baseline ?? $"{finding.Constant:G4}"} on {finding.Measure}{(finding.Margin == 0 ? "" : $", margin {finding.Margin:G3}")}");
        }

        context.Line("Departures from the published work:");
        foreach (var departure in paper.Departures)
        {
            context.Line($"  - {departure}");
        }

        context.Line("Settings of profile quick (change any with --set name=value):");
        foreach (var line in Settings.ToYaml(paper.SettingsOf(Profile.Quick)).TrimEnd().Split('\n'))
        {
            context.Line($"  {line}");
        }
    }
}
