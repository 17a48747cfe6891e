using System.CommandLine;
using Heirloom.Evaluation.Reports;
using Heirloom.Training.Registry;

namespace Heirloom.Cli.Verbs.Runs;

/// <summary><c>heirloom runs report RUN</c>: a self-contained page.</summary>
internal static class RunsReport
{
    public static Command Build(CliContext context)
    {
        var name = RunsShow.Run();
        var output = new Option<string?>("--out") { Description = $"the file to write (default: {RunFolder.ReportName} in the run's folder)", HelpName = "FILE" };
        var command = new Command("report", "Write a self-contained HTML page about a run") { name, output };
        command.SetAction(parsed =>
        {
            var run = new RunRegistry(context.RunsFolder).Find(parsed.GetRequiredValue(name));
            var path = parsed.GetValue(output) ?? Path.Combine(run.Folder, RunFolder.ReportName);
            RunPage.Of(run).Save(path);
            context.Line(path);
            return ExitCode.Ok;
        });
        return command;
    }
}
