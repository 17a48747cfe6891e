using System.CommandLine;

namespace Heirloom.Cli.Verbs.Runs;

/// <summary><c>heirloom runs</c>: what was run, what it scored, and whether one is better than another.</summary>
internal sealed class RunsVerb : IVerb
{
    public string Group => VerbGroup.Train;

    public Command Build(CliContext context) => new("runs", "List, show, compare and report past runs")
    {
        RunsList.Build(context),
        RunsShow.Build(context),
        RunsCompare.Build(context),
        RunsReport.Build(context),
    };
}
