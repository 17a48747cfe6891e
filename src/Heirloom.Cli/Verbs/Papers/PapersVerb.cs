using System.CommandLine;

namespace Heirloom.Cli.Verbs.Papers;

/// <summary><c>heirloom papers</c>: the published systems, what they claim and what was measured here.</summary>
internal sealed class PapersVerb : IVerb
{
    public string Group => VerbGroup.Papers;

    public Command Build(CliContext context) => new("papers", "List, run and report the published systems")
    {
        PapersList.Build(context),
        PapersShow.Build(context),
        PapersRun.Build(context),
        PapersReport.Build(context),
    };
}
