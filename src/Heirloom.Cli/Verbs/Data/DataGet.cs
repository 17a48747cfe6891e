using System.CommandLine;
using Heirloom.Data.Sets;

namespace Heirloom.Cli.Verbs.Data;

/// <summary><c>data get NAME…</c>: downloads into the cache, and checks what is there on request.</summary>
internal static class DataGet
{
    public static Command Build(CliContext context)
    {
        var names = new Argument<string[]>("name") { Description = "sets, as heirloom data list shows them", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "every set" };
        var from = new Option<string?>("--from") { Description = "take one set from this archive (.tgz or .deb) instead of downloading it" };
        var verify = new Option<bool>("--verify") { Description = "read each set from beginning to end and compare it with its description" };
        var command = new Command("get", "Download sets into the cache") { names, all, from, verify };
        command.SetAction(parsed => context.Work(work =>
        {
            var catalog = new DataSetCatalog(work);
            var sets = Choose(catalog, parsed.GetValue(names) ?? [], parsed.GetValue(all));
            if (parsed.GetValue(from) is { } archive)
            {
                catalog.Import(sets is [var only] ? only : throw new UserError("an archive gives one set", "--from", "name one set"), archive);
            }
            else
            {
                catalog.Fetch(sets);
            }

            return parsed.GetValue(verify) ? Verify(context, catalog, sets) : Say(context, catalog, sets);
        }));
        return command;
    }

    private static IReadOnlyList<DataSet> Choose(DataSetCatalog catalog, string[] names, bool all) =>
        all && names.Length == 0 ? catalog.Sets
        : !all && names.Length > 0 ? [.. names.Distinct().Select(catalog.Find)]
        : throw new UserError("name the sets or say --all, and not both", "heirloom data get", "heirloom data list shows them");

    private static int Say(CliContext context, DataSetCatalog catalog, IReadOnlyList<DataSet> sets)
    {
        foreach (var set in sets)
        {
            context.Line($"{set.Name}\t{catalog.FolderOf(set)}");
        }

        return ExitCode.Ok;
    }

    private static int Verify(CliContext context, DataSetCatalog catalog, IReadOnlyList<DataSet> sets)
    {
        var failed = false;
        foreach (var check in sets.Select(set => DataSetCheck.Of(catalog, set)))
        {
            failed |= check.Problem is not null;
            context.Line($"{check.Set.Name}\t{(check.Problem is null ? "ok" : "WRONG")}\t{check.Summary}{(check.Problem is null ? "" : $": {check.Problem}")}");
        }

        return failed ? ExitCode.CheckFailed : ExitCode.Ok;
    }
}
