using System.CommandLine;
using Heirloom.Data.Sets;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Data;

/// <summary><c>data list</c>.</summary>
internal static class DataList
{
    public static Command Build(CliContext context)
    {
        var command = new Command("list", "List the sets: what they are, how much is downloaded, under which licence, and whether they are here");
        command.SetAction(_ => context.Work(work =>
        {
            var catalog = new DataSetCatalog(work);
            var table = new Table().Border(TableBorder.Minimal).AddColumns("name", "what").AddColumn(new TableColumn("download").RightAligned()).AddColumns("licence", "here");
            foreach (var set in catalog.Sets)
            {
                table.AddRow(
                    set.Name,
                    Markup.Escape($"{set.Title} ({set.Count:N0} {(set is ImageDataSet ? "images" : "documents")})"),
                    $"{DataVerb.Size(set.Package.Size)} {set.Package.Client}",
                    Markup.Escape(set.License) + (set.Caution is null ? "" : " [yellow]*[/]"),
                    catalog.IsCached(set) ? "[green]yes[/]" : "");
            }

            context.Out.Write(table);
            context.Line("* the data's own terms are narrower: heirloom data show NAME");
            return ExitCode.Ok;
        }));
        return command;
    }
}
