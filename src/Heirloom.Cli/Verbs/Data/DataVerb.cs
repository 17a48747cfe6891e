using System.CommandLine;

namespace Heirloom.Cli.Verbs.Data;

/// <summary><c>heirloom data</c>: the named public sets.</summary>
internal sealed class DataVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context) => new("data", "List, download and look at the named public data sets")
    {
        DataList.Build(context),
        DataGet.Build(context),
        DataShow.Build(context),
    };

    /// <summary>A size for people.</summary>
    internal static string Size(long bytes) => bytes >= 1 << 20 ? $"{bytes / (double)(1 << 20):0.0} MiB" : $"{(bytes + 1023) >> 10} KiB";
}
